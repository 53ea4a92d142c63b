using System.Security.Cryptography;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Logs;
using Longspan.Api.Ssm;
using Longspan.System.Tests.Clients;
using Longspan.System.Tests.Node;
using Longspan.Wire.Client;
using Xunit;

namespace Longspan.System.Tests.Faults;

/// <summary>Needs root for network namespaces, and an engine to make the small image with.</summary>
internal sealed class FaultFactAttribute : FactAttribute
{
    public FaultFactAttribute() => Skip = FaultSite.Obstacle;
}

internal sealed class FaultTheoryAttribute : TheoryAttribute
{
    public FaultTheoryAttribute() => Skip = FaultSite.Obstacle;
}

/// <summary>
/// A server and two external machines, each in a network namespace of its own, joined by one switch in the server's. A machine has its own
/// Docker engine and one cable, so every fault of a real site can be made: links cut in both directions or in one, packets lost, and any
/// process killed, engine included.
/// </summary>
public sealed class FaultSite : IAsyncLifetime, IDisposable
{
    public const string Cluster = "faults";
    public const string Image = "longspan-faults/busybox:1";
    private const string Role = "fault-node";
    private readonly string _folder = Directory.CreateTempSubdirectory("faults").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

    internal static string? Obstacle => !Environment.IsPrivilegedProcess ? "network namespaces need root"
        : DockerForTests.Obstacle.Value ?? Tool.Missing("dockerd") ?? Tool.Missing("ip") ?? Tool.Missing("iptables") ?? Tool.Missing("nsenter")
        ?? Tool.Missing("faketime");

    /// <summary>Short: it begins the names of interfaces, which may have fifteen letters.</summary>
    private string Name { get; } = $"lf{RandomNumberGenerator.GetHexString(4, lowercase: true)}";
    // A network of this run's own. It exists in the namespaces and on one interface of the machine, which leads to them.
    private int Subnet { get; } = RandomNumberGenerator.GetInt32(1, 250);

    internal string ServerNamespace => $"{Name}s";
    internal string ServerAddress => $"10.251.{Subnet}.1";
    internal Uri Endpoint => new($"http://{ServerAddress}:4566");
    internal string Data => Path.Combine(_folder, "data");
    internal OwnProcess Server { get; private set; } = null!;
    internal FaultMachine[] Machines { get; private set; } = [];
    internal AwsClient Client => new(_http, Endpoint, LiveServer.Region, _ => new(LiveServer.ReadKeys(Path.Combine(Data, "credentials"))), TimeProvider.System);

    public async Task InitializeAsync()
    {
        if (Obstacle is not null)
        {
            return;
        }
        await MakeSwitchAsync();
        await StartServerAsync();
        await Client.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = Cluster }, default);
        await Client.CallAsync(IamOperations.CreateRole, new() { RoleName = Role, AssumeRolePolicyDocument = NodeSite.Trust("ssm") }, default);
        await NodeSite.LetBeNodeAsync(Client, Role);
        await Client.CallAsync(LogsOperations.CreateLogGroup, new() { LogGroupName = "/faults" }, default);
        var image = Path.Combine(_folder, "image.tar");
        (await Tool.RunAsync("docker", ["tag", DockerForTests.Image, Image])).Succeeded();
        (await Tool.RunAsync("docker", ["save", "-o", image, Image])).Succeeded();
        (await Tool.RunAsync("docker", ["rmi", Image])).Succeeded();
        Machines = [new FaultMachine(this, "a", 11, Path.Combine(_folder, "a")), new FaultMachine(this, "b", 12, Path.Combine(_folder, "b"))];
        foreach (var machine in Machines)
        {
            await machine.CreateAsync($"{Name}{machine.Letter}", image);
            await machine.StartAsync(await ActivateAsync());
        }
        await ConnectedAsync(2);
    }

    private async Task MakeSwitchAsync()
    {
        await Ip("netns", "add", ServerNamespace);
        await Ip("-n", ServerNamespace, "link", "set", "lo", "up");
        await Ip("-n", ServerNamespace, "link", "add", "switch", "type", "bridge");
        await Ip("-n", ServerNamespace, "addr", "add", $"{ServerAddress}/24", "dev", "switch");
        await Ip("-n", ServerNamespace, "link", "set", "switch", "up");
        await PlugInAsync($"{Name}r", null, 254);
    }

    /// <summary>A cable from the switch to a namespace, or to the machine itself. The socket in the switch has the cable's name.</summary>
    internal async Task PlugInAsync(string cable, string? to, int host)
    {
        await Ip("link", "add", cable, "type", "veth", "peer", "name", $"{cable}0", "netns", ServerNamespace);
        await Ip("-n", ServerNamespace, "link", "set", $"{cable}0", "master", "switch", "up");
        string[] where = to is null ? [] : ["-n", to];
        if (to is not null)
        {
            await Ip("link", "set", cable, "netns", to);
        }
        await Ip([.. where, "addr", "add", $"10.251.{Subnet}.{host}/24", "dev", cable]);
        await Ip([.. where, "link", "set", cable, "up"]);
    }

    internal static async Task Ip(params string[] arguments) => (await Tool.RunAsync("ip", arguments)).Succeeded();

    internal async Task StartServerAsync()
    {
        Server = InNamespace(ServerNamespace, [], "server", "--data", Data, "--bind", ServerAddress, "--insecure-http");
        await Server.SaysAsync("Longspan is ready on ");
    }

    /// <summary>Our program inside a namespace, with what goes before it on the command line.</summary>
    internal OwnProcess InNamespace(string name, string[] before, params string[] arguments) => OwnProcess.StartForeign(
        "nsenter", [$"--net=/run/netns/{name}", .. before, "dotnet", Path.Combine(AppContext.BaseDirectory, "longspan.dll"), .. arguments],
        new Dictionary<string, string>(), _folder);

    internal async Task<(string Id, string Code)> ActivateAsync()
    {
        var activation = await Client.CallAsync(SsmOperations.CreateActivation, new() { IamRole = Role, RegistrationLimit = 1 }, default);
        return (activation.ActivationId!, activation.ActivationCode!);
    }

    internal async Task<IReadOnlyList<ContainerInstance>> InstancesAsync()
    {
        var listed = (await Client.CallAsync(EcsOperations.ListContainerInstances, new() { Cluster = Cluster }, default)).ContainerInstanceArns!;
        return listed.Count == 0 ? [] : (await Client.CallAsync(
            EcsOperations.DescribeContainerInstances, new() { Cluster = Cluster, ContainerInstances = listed }, default)).ContainerInstances!;
    }

    /// <summary>The machine's container instance; null before it has registered.</summary>
    internal async Task<ContainerInstance?> InstanceOfAsync(FaultMachine machine) =>
        (await InstancesAsync()).SingleOrDefault(i => i.Attributes!.Any(a => a.Name == "machine" && a.Value == machine.Letter));

    internal Task ConnectedAsync(int count) =>
        Until.TrueAsync($"{count} connected machines", async () => (await InstancesAsync()).Count(i => i.AgentConnected == true) == count);

    internal Task ConnectionOfAsync(FaultMachine machine, bool connected) => Until.TrueAsync($"machine {machine.Letter} is {(connected ? "" : "dis")}connected", async () =>
        (await InstanceOfAsync(machine))?.AgentConnected == connected);

    /// <summary>Everything as it was: links whole, server, engines and nodes running and connected.</summary>
    internal async Task HealAsync()
    {
        if (Server.HasEnded)
        {
            await StartServerAsync();
        }
        foreach (var machine in Machines)
        {
            await machine.HealAsync();
        }
        await ConnectedAsync(Machines.Length);
    }

    public async Task DisposeAsync()
    {
        if (Obstacle is not null)
        {
            return;
        }
        foreach (var machine in Machines)
        {
            await machine.RemoveAsync();
        }
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
        await Tool.RunAsync("ip", ["link", "del", $"{Name}r"]);
        await Tool.RunAsync("ip", ["netns", "del", ServerNamespace]);
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _http.Dispose();
}
