using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Cli.Embedded;

/// <summary>The administrator's client of an embedded run, with the keys of the credentials file that the server wrote.</summary>
internal sealed class EmbeddedClient : IDisposable
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new() { Timeout = CallLimit };

    private EmbeddedClient(Uri endpoint, AwsCredentials credentials) =>
        Client = new AwsClient(_http, endpoint, Topology.Region, _ => new(credentials), TimeProvider.System);

    public AwsClient Client { get; }

    public static EmbeddedClient Open(Home home, EmbeddedRun run)
    {
        if (!File.Exists(home.CredentialsFile))
        {
            throw new CommandFailure($"There is no credentials file at {home.CredentialsFile}.", "The server writes it at first start: 'longspan up'.");
        }
        var values = File.ReadLines(home.CredentialsFile).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.Ordinal);
        return new EmbeddedClient(run.Endpoint, new AwsCredentials(values["aws_access_key_id"], values["aws_secret_access_key"]));
    }

    public void Dispose() => _http.Dispose();
}
