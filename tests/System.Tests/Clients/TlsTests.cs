using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Longspan.System.Tests.Node;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>
/// A server that listens beyond loopback, with the programs that people have: Amazon's command line, skopeo, and a node on the machine's Docker engine that
/// joined by a token. Docker does not ask loopback addresses for certificates, so all of it goes by another address of this machine.
/// </summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tls").FullName;
    private readonly string _name = $"lsp{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    private OwnProcess? _server;
    private Uri _endpoint = null!;

    private string Data => Path.Combine(_folder, "data");
    private string Authority => Path.Combine(Data, "ca.pem");
    private string EngineFolder => Path.Combine("/etc/docker/certs.d", _endpoint.Authority);

    private static string? Address => NetworkInterface.GetAllNetworkInterfaces().SelectMany(face => face.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !global::System.Net.IPAddress.IsLoopback(address))?.ToString();

    public async Task InitializeAsync()
    {
        if (NodeSite.Obstacle is not null || Address is not { } address)
        {
            return;
        }
        _server = OwnProcess.Start("server", "--data", Data, "--port", "0", "--bind", address, "--tls-name", "longspan.example");
        var line = await _server.SaysAsync("Longspan is ready on ");
        Assert.Contains("was made; its secret is in", _server.Said, StringComparison.Ordinal);
        _endpoint = new Uri(line.Split(' ')[4]);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
            foreach (var container in (await Tool.RunAsync("docker", ["ps", "-aq", "--filter", $"label=longspan.node={_name}"])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await Tool.RunAsync("docker", ["rm", "--force", "--volumes", container]);
            }
            await Tool.RunAsync("docker", ["image", "rm", "--force", Image]);
            if (Directory.Exists(EngineFolder))
            {
                Directory.Delete(EngineFolder, recursive: true);
            }
        }
        Directory.Delete(_folder, recursive: true);
    }

    private string Image => $"{_endpoint.Authority}/tls/busybox:1";

    [NodeSiteFact]
    public async Task Command_line_registry_and_a_node_that_joined_by_a_token_work_over_TLS()
    {
        Assert.Equal("https", _endpoint.Scheme);
        var variables = JsonNode.Parse((await LongspanAsync("env", "--data", Data, "--endpoint", _endpoint.ToString(), "--output", "json")).Succeeded())!
            .AsObject().ToDictionary(pair => pair.Key, pair => (string)pair.Value!);
        Assert.Equal(Authority, variables["AWS_CA_BUNDLE"]);
        Assert.Contains("123456789012", (await AwsAsync(variables, "sts", "get-caller-identity")).Succeeded(), StringComparison.Ordinal);
        variables.Remove("AWS_CA_BUNDLE");
        Assert.Contains("CERTIFICATE_VERIFY_FAILED", (await AwsAsync(variables, "sts", "get-caller-identity")).Failed(), StringComparison.Ordinal);
        (await AwsAsync(variables, "--ca-bundle", Authority, "iam", "create-role", "--role-name", "longspan-node", "--assume-role-policy-document", NodeSite.Trust("ssm"))).Succeeded();
        variables["AWS_CA_BUNDLE"] = Authority;
        foreach (var policy in (string[])["service-role/AmazonEC2ContainerServiceforEC2Role", "AmazonSSMManagedInstanceCore"])
        {
            (await AwsAsync(variables, "iam", "attach-role-policy", "--role-name", "longspan-node", "--policy-arn", $"arn:aws:iam::aws:policy/{policy}")).Succeeded();
        }
        (await AwsAsync(variables, "ecr", "create-repository", "--repository-name", "tls/busybox")).Succeeded();
        (await AwsAsync(variables, "ecs", "create-cluster", "--cluster-name", "tls")).Succeeded();
        await PushAsync((await AwsAsync(variables, "ecr", "get-login-password")).Succeeded().Trim());

        var token = (await LongspanAsync("join-token", "create", "--data", Data, "--endpoint", _endpoint.ToString())).Succeeded().Trim();
        await using var node = OwnProcess.StartForeign("dotnet", [Program, "node", "--name", _name, "--cluster", "tls", "--state", Path.Combine(_folder, "node"), "--container-endpoint-url", _endpoint.ToString()],
            new Dictionary<string, string> { ["LONGSPAN_JOIN_TOKEN"] = token }, _folder);
        await node.SaysAsync("Connected to https://");
        Assert.True(File.Exists(Path.Combine(EngineFolder, "longspan.crt")));

        var definition = $$"""[{"name":"main","image":"{{Image}}","memory":32,"essential":true,"command":["sh","-c","sleep 600"]}]""";
        (await AwsAsync(variables, "ecs", "register-task-definition", "--family", "tls", "--requires-compatibilities", "EXTERNAL", "--container-definitions", definition)).Succeeded();
        var run = JsonNode.Parse((await AwsAsync(variables, "ecs", "run-task", "--cluster", "tls", "--task-definition", "tls", "--launch-type", "EXTERNAL")).Succeeded())!;
        var arn = (string)run["tasks"]![0]!["taskArn"]!;
        (await AwsAsync(variables, "ecs", "wait", "tasks-running", "--cluster", "tls", "--tasks", arn)).Succeeded();
        var container = (await Tool.RunAsync("docker", ["ps", "-q", "--filter", $"label=longspan.node={_name}"])).Succeeded();
        Assert.NotEqual("", container.Trim());
        // A program in it, whoever it runs as, is told where the server is and whom to take for it.
        var told = await Tool.RunAsync("docker", ["exec", "--user", "1654:1654", container.Trim(), "sh", "-c", "echo $AWS_ENDPOINT_URL; cat $AWS_CA_BUNDLE"]);
        Assert.Equal($"{_endpoint}\n{await File.ReadAllTextAsync(Authority)}", told.Succeeded());
        Assert.DoesNotContain(token, node.Said + _server!.Said, StringComparison.Ordinal);
    }

    [NodeSiteFact]
    public async Task The_administrators_key_is_rotated_with_a_grace_and_without()
    {
        var file = Path.Combine(Data, "credentials");
        var first = LiveServer.ReadKeys(file);
        string[] server = ["--data", Data, "--endpoint", _endpoint.ToString()];
        // Interrupted while the old key goes on: both work, and nothing is made until that is finished.
        await using (var waiting = OwnProcess.Start(["keys", "rotate", .. server, "--grace", "600"]))
        {
            await waiting.SaysAsync("goes on for 600 s");
            await waiting.KillAsync();
        }
        var second = LiveServer.ReadKeys(file);
        Assert.NotEqual(first.AccessKeyId, second.AccessKeyId);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        Assert.Contains("has another key already", (await LongspanAsync(["keys", "rotate", .. server])).Failed(), StringComparison.Ordinal);
        Assert.Contains(first.AccessKeyId, (await LongspanAsync(["keys", "rotate", .. server, "--finish"])).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(second, LiveServer.ReadKeys(file));

        Assert.Contains("is switched off and deleted", (await LongspanAsync(["keys", "rotate", .. server])).Succeeded(), StringComparison.Ordinal);
        var variables = new Dictionary<string, string> { ["AWS_ENDPOINT_URL"] = _endpoint.ToString(), ["AWS_CA_BUNDLE"] = Authority, ["AWS_REGION"] = LiveServer.Region };
        (await AwsAsync(new(variables) { ["AWS_SHARED_CREDENTIALS_FILE"] = file }, "sts", "get-caller-identity")).Succeeded();
        foreach (var old in new[] { first, second })
        {
            var refused = await AwsAsync(
                new(variables) { ["AWS_ACCESS_KEY_ID"] = old.AccessKeyId, ["AWS_SECRET_ACCESS_KEY"] = old.SecretAccessKey }, "sts", "get-caller-identity");
            Assert.Contains("InvalidClientTokenId", refused.Failed(), StringComparison.Ordinal);
        }
    }

    private async Task PushAsync(string password)
    {
        var certificates = Directory.CreateDirectory(Path.Combine(_folder, "certs")).FullName;
        File.Copy(Authority, Path.Combine(certificates, "ca.crt"));
        (await Tool.RunAsync("skopeo", [
            "copy", "--dest-cert-dir", certificates, "--dest-creds", $"AWS:{password}", $"docker-daemon:{DockerForTests.Image}", $"docker://{Image}"])).Succeeded();
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "longspan.dll");

    private static Task<ToolResult> LongspanAsync(params string[] arguments) => Tool.RunAsync("dotnet", [Program, .. arguments]);

    private static Task<ToolResult> AwsAsync(Dictionary<string, string> variables, params string[] arguments) => Tool.RunAsync(
        Tool.Find("aws").First(), [.. arguments, "--endpoint-url", variables["AWS_ENDPOINT_URL"]],
        environment: new Dictionary<string, string>(variables) { ["AWS_PAGER"] = "", ["AWS_DEFAULT_REGION"] = LiveServer.Region, ["AWS_EC2_METADATA_DISABLED"] = "true", ["AWS_CONFIG_FILE"] = "/dev/null" });
}
