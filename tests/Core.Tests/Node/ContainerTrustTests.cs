using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Longspan.AgentLink;
using Longspan.Core.Tests.Server;
using Longspan.Node;
using Longspan.Node.Tasks;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>The server's authority reaches the containers that are sent to it over TLS, and no others.</summary>
public sealed class ContainerTrustTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-trust-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Containers_get_the_authority_and_what_names_it_and_keep_what_is_their_own()
    {
        var trust = new ContainerTrust(_folder.FullName);
        await using var bench = new TaskBench { Trust = trust }.Start();
        bench.Accept(
            TaskBench.Task("plain", new AgentContainer { Name = "main", Image = "app", Essential = true, Memory = 64, DockerConfig = new() { HostConfig = """{"Binds":["/a:/b"]}""" } }),
            TaskBench.Task("own", new AgentContainer
            {
                Name = "main", Image = "app", Essential = true, Memory = 64, Environment = new Dictionary<string, string> { ["AWS_CA_BUNDLE"] = "/mine.pem" },
            }));
        await bench.ReportedAsync("plain", "RUNNING");
        await bench.ReportedAsync("own", "RUNNING");

        var plain = bench.Engine.PlanOf(bench.EngineName("plain"));
        Assert.Equal(["/a:/b", trust.Bind], plain.HostConfig["Binds"]!.AsArray().Select(bind => (string)bind!));
        Assert.Superset(
            new HashSet<string> { "AWS_CA_BUNDLE=/etc/longspan/ca.pem", "NODE_EXTRA_CA_CERTS=/etc/longspan/ca.pem", "SSL_CERT_DIR=/etc/longspan:/etc/ssl/certs:/etc/pki/tls/certs" },
            plain.Config["Env"]!.AsArray().Select(e => (string)e!).ToHashSet());
        var own = bench.Engine.PlanOf(bench.EngineName("own")).Config["Env"]!.AsArray().Select(e => (string)e!);
        Assert.Equal("AWS_CA_BUNDLE=/mine.pem", Assert.Single(own, e => e.StartsWith("AWS_CA_BUNDLE=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("http://10.0.0.1:4566", false)]
    [InlineData("https://10.0.0.1:4566", true)]
    public void Only_an_endpoint_over_TLS_needs_it(string? url, bool needed)
    {
        var settings = new NodeSettings { Name = "n", Endpoint = new Uri("https://10.0.0.1:4566"), Region = "us-east-1", StateFolder = "/s", ContainerEndpointUrl = url };
        Assert.Equal(needed, ContainerTrust.For(settings, "/s/trust") is not null);
    }

    [Fact]
    public void Every_user_of_a_container_can_read_it_and_a_new_one_takes_its_place()
    {
        var trust = new ContainerTrust(Path.Combine(_folder.FullName, "trust"));
        var file = Path.Combine(trust.Folder, "ca.pem");
        foreach (var name in (string[])["first.example", "second.example"])
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var pem = TlsSite.MakeCertificate(name, key).Certificate;
            trust.Place([X509Certificate2.CreateFromPem(pem)]);
            Assert.Equal(pem.Trim(), File.ReadAllText(file).Trim());
        }
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherRead));
            Assert.True(File.GetUnixFileMode(trust.Folder).HasFlag(UnixFileMode.OtherExecute));
        }
    }
}
