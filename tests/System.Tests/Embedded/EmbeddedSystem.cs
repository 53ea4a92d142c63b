using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.SQS;
using Longspan.Cli.Embedded;
using Longspan.Node.Engines.Docker;
using Longspan.Wire.Client;
using Xunit;

namespace Longspan.System.Tests.Embedded;

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EmbeddedTests : ICollectionFixture<EmbeddedSystem>
{
    public const string Name = "embedded";
}

/// <summary>
/// One embedded run for all tests of the collection, through the same script that a user calls. Its networks have fixed names, so a
/// machine holds one such run: if there is one already, the tests fail and say so rather than touch it.
/// </summary>
public sealed class EmbeddedSystem : IAsyncLifetime
{
    private static readonly TimeSpan UpLimit = TimeSpan.FromMinutes(10);

    private readonly string _root = FindRoot();
    private EmbeddedClient? _aws;
    private AmazonSQSClient? _queues;
    private Shop? _shop;

    internal Home Home { get; private set; } = null!;
    internal EmbeddedRun Run { get; private set; } = null!;
    internal AwsClient Aws => (_aws ??= EmbeddedClient.Open(Home, Run)).Client;
    internal Shop Shop => _shop ??= new Shop(Run);

    /// <summary>Amazon's own client, as any user has it.</summary>
    internal AmazonSQSClient Queues => _queues ??= ConnectQueues();

    public async Task InitializeAsync()
    {
        if (EmbeddedFactAttribute.Obstacle.Value is not null)
        {
            return;
        }
        if (await PremisesSite.NamespaceExistsAsync(default))
        {
            throw new InvalidOperationException(
                $"An embedded run is up on this machine ({await RunningHomeAsync()}), and there is room for one. End it with './longspan down --home HOME' and try again.");
        }
        Home = new Home(Path.Combine(Path.GetTempPath(), $"longspan-tests-{Environment.ProcessId}"));
        Run = new EmbeddedRun(FreePort(), FreePort(), FreePort());
        try
        {
            await UpAsync();
        }
        catch (Exception failure)
        {
            var logs = LogEnds();
            await LongspanAsync("down", "--purge");
            throw new InvalidOperationException($"{failure.Message}{Environment.NewLine}{logs}", failure);
        }
    }

    public async Task DisposeAsync()
    {
        _aws?.Dispose();
        _queues?.Dispose();
        _shop?.Dispose();
        if (Home is null)
        {
            return;
        }
        if (await IsUpAsync())
        {
            await LongspanAsync("down", "--purge");
        }
        IEnumerable<string> files = Directory.Exists(Home.Folder) ? Directory.EnumerateFileSystemEntries(Home.Folder) : [];
        if ((string[])[.. await LeftoversAsync(), .. files] is { Length: > 0 } left)
        {
            throw new InvalidOperationException($"'down --purge' left behind: {string.Join(", ", left)}");
        }
    }

    internal Task<string> UpAsync() => LongspanAsync("up", "--yes", "--port", Text(Run.Port), "--web-port", Text(Run.WebPort), "--api-port", Text(Run.ApiPort));

    /// <summary>The sample's own revisions, each in one container: where tests begin that compare containers. Stopping ones take their time.</summary>
    internal async Task<IReadOnlyList<string>> SettledAsync()
    {
        await UpAsync();
        return await Soon.SeeAsync("each service has one container", AllContainersAsync, seen => seen.Count == 3, describe: seen => string.Join(", ", seen));
    }

    /// <summary>Runs the product's script on this run's home; a failure throws with its words.</summary>
    internal Task<string> LongspanAsync(string command, params string[] arguments) =>
        Tool.RunAsync(Path.Combine(_root, "longspan"), [command, .. command is "cut" or "heal" ? [] : (string[])["--home", Home.Folder], .. arguments], default, UpLimit);

    internal async Task<JsonNode> StatusAsync() => JsonNode.Parse(await LongspanAsync("status", "--output", "json"))!;

    internal Task CutAsync() => LongspanAsync("cut", Topology.PremisesSite);

    internal Task HealAsync() => LongspanAsync("heal", Topology.PremisesSite);

    internal string PremisesSocket => new PremisesSite(Home.PremisesFolder).Socket;

    /// <summary>Full ids of the running containers of an ECS service, on whichever site it runs.</summary>
    internal async Task<IReadOnlyList<string>> ContainersAsync(string service)
    {
        var socket = service == "orders-processor" ? PremisesSocket : Engine.Socket;
        var ids = await Tool.RunAsync("docker", ["-H", $"unix://{socket}", "ps", "-q", "--no-trunc", "--filter", $"name=^/ecs-{service}-"], default);
        return [.. ids.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    internal async Task<IReadOnlyList<string>> AllContainersAsync() =>
        [.. await ContainersAsync("orders-web"), .. await ContainersAsync("orders-api"), .. await ContainersAsync("orders-processor")];

    /// <summary>The processor's own store, listed on the premises: the engine's exec is the only way to it.</summary>
    internal async Task<IReadOnlyList<JsonNode>> ProcessorStoreAsync()
    {
        var container = Assert.Single(await ContainersAsync("orders-processor"));
        var lines = await Tool.RunAsync("docker", ["-H", $"unix://{PremisesSocket}", "exec", container, "dotnet", "Orders.Processor.dll", "--list"], default);
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    /// <summary>What a stopped run must not leave on the machine.</summary>
    internal async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        var left = new List<string>();
        left.AddRange((await Containers.ListAsync(Engine.Socket, $"longspan.node={Topology.CloudNode}", default)).Select(id => $"container {id}"));
        if (File.Exists(PremisesSocket) && await Engine.AnswersAsync(PremisesSocket, default))
        {
            left.Add("the on-premises engine");
        }
        if (await PremisesSite.NamespaceExistsAsync(default))
        {
            left.Add($"namespace {Topology.PremisesNamespace}");
        }
        if ((await Tool.TryRunAsync("ip", ["link", "show", Topology.LinkServerEnd], default)).Succeeded)
        {
            left.Add($"link {Topology.LinkServerEnd}");
        }
        foreach (var registry in (Uri[])[Run.CloudEndpoint, Run.PremisesEndpoint])
        {
            if (Directory.Exists(Path.Combine(RegistryAuthority.DefaultFolder, registry.Authority)))
            {
                left.Add($"the engine's certificate for {registry.Authority}");
            }
        }
        if ((await Tool.TryRunAsync("docker", ["network", "inspect", Topology.CloudNetwork], default)).Succeeded)
        {
            left.Add($"network {Topology.CloudNetwork}");
        }
        left.AddRange(Processes().Where(process => process.Command.Contains(Home.Folder, StringComparison.Ordinal)).Select(process => $"process {process.Command}"));
        return left;
    }

    private async Task<bool> IsUpAsync() => Directory.Exists(Home.Folder) || (await LeftoversAsync()).Count > 0;

    private AmazonSQSClient ConnectQueues()
    {
        var keys = File.ReadLines(Home.CredentialsFile).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.Ordinal);
        return new AmazonSQSClient(
            new BasicAWSCredentials(keys["aws_access_key_id"], keys["aws_secret_access_key"]),
            new AmazonSQSConfig { ServiceURL = Run.Endpoint.ToString(), AuthenticationRegion = Topology.Region });
    }

    private string LogEnds() => !Directory.Exists(Home.Logs) ? "" : string.Join(Environment.NewLine, Directory.EnumerateFiles(Home.Logs)
        .SelectMany(log => File.ReadLines(log).TakeLast(10).Select(line => $"{Path.GetFileName(log)}: {line}")));

    private static Task<string> RunningHomeAsync() =>
        Task.FromResult(Processes().Select(process => process.Command).FirstOrDefault(command => command.Contains("longspan.dll server", StringComparison.Ordinal)) ?? "its server has ended");

    private static IEnumerable<(int Id, string Command)> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id) || id == Environment.ProcessId)
            {
                continue;
            }
            string command;
            try
            {
                command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ').Trim();
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                continue;
            }
            if (command.Length > 0)
            {
                yield return (id, command);
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string FindRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
