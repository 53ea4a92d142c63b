namespace Longspan.Cli.Embedded;

/// <summary>
/// The embedded run's places and addresses. The cloud site uses this machine's Docker engine on a network of its own. The on-premises
/// site is a network namespace with its own Docker engine: a second machine in all but hardware. Its only way out is a veth link,
/// and cutting the site takes that link down. Addresses are from a private range; none of them leaves the machine.
/// </summary>
internal static class Topology
{
    public const string AccountId = "123456789012";
    public const string Region = "us-east-1";
    public const string Cluster = "orders";

    public const string CloudSite = "cloud";
    public const string CloudNode = "cloud-1";
    public const string CloudNetwork = "longspan-cloud";
    public const string CloudSubnet = "10.255.78.0/24";
    public const string CloudGateway = "10.255.78.1";

    public const string PremisesSite = "on-premises";
    public const string PremisesNode = "onprem-1";
    public const string PremisesNamespace = "longspan-onprem";
    public const string PremisesNetwork = "longspan-onprem";
    public const string PremisesSubnet = "10.255.79.0/24";
    public const string PremisesGateway = "10.255.79.1";
    /// <summary>The server's end of the link, in the machine's own namespace.</summary>
    public const string LinkServerEnd = "longspan-wan0";
    public const string LinkServerAddress = "10.255.77.1";
    /// <summary>The far end, inside the site: the one that <c>cut</c> takes down.</summary>
    public const string LinkFarEnd = "longspan-wan1";
    public const string LinkFarAddress = "10.255.77.2";
    public const int LinkPrefix = 30;

    public const int DefaultPort = 4566;
    public const int WebPort = 8080;
    public const int ApiPort = 8081;
}
