using Docker.DotNet;
using Docker.DotNet.Models;
using Longspan.Core.Tests.Node;
using Longspan.AgentLink;
using Longspan.Node;
using Longspan.Node.Engines;
using Longspan.Node.Engines.Docker;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.System.Tests.Node;

/// <summary>A node on the machine's Docker engine with a network of its own, and a scripted server. Removes all that it made.</summary>
internal sealed class DockerBench : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly DockerClient _client = DockerForTests.Connect();
    private readonly string _folder = Directory.CreateTempSubdirectory("node-docker").FullName;
    private CancellationTokenSource _stop = new();
    private Task<NodeOutcome> _run = Task.FromResult(NodeOutcome.Stopped);

    public string Name { get; } = $"t{Random8()}";
    public FakePlane Plane { get; private set; } = null!;
    public DockerEngine Engine { get; private set; } = null!;
    public DockerClient Client => _client;

    public NodeSettings Settings => new()
    {
        Name = Name, Endpoint = Plane.Endpoint, Region = "us-east-1", StateFolder = _folder, Network = Name,
        DockerHost = DockerForTests.Endpoint, Keys = new NodeKeys("AKIAX", "secret", null), PullBehavior = PullBehavior.PreferCached,
        PublishAddress = "127.0.0.1", StopTimeout = TimeSpan.FromSeconds(2), RetryLimit = TimeSpan.FromMilliseconds(200),
        ContainerEndpointUrl = "http://10.0.0.1:4566", ReservedPorts = [],
    };

    public static async Task<DockerBench> StartAsync(bool run = true)
    {
        var bench = new DockerBench { Plane = await FakePlane.StartAsync() };
        bench.Engine = new DockerEngine(DockerForTests.Endpoint, bench.Name, TimeProvider.System);
        await bench._client.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = bench.Name, Driver = "bridge" });
        if (run)
        {
            bench.StartNode();
        }
        return bench;
    }

    public void StartNode(NodeSettings? settings = null) => _run = NodeAgent.RunAsync(settings ?? Settings, NullLogger.Instance, _stop.Token);

    public async Task<NodeOutcome> StopNodeAsync()
    {
        await _stop.CancelAsync();
        var outcome = await _run;
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        return outcome;
    }

    public static string Arn(string id) => $"arn:aws:ecs:us-east-1:123456789012:task/default/{id}";

    public static AgentContainer Shell(string name, string script) => new()
    {
        Name = name, Image = DockerForTests.Image, Essential = true, Memory = 32, Cpu = 64, Command = ["sh", "-c", script],
    };

    public static PayloadMessage Payload(string id, params AgentContainer[] containers) => Payload(new AgentTask
    {
        Arn = Arn(id), DesiredStatus = AgentTask.Running, Family = "sys", Version = "1", Containers = containers,
    });

    public static PayloadMessage Payload(AgentTask task) => new()
    {
        MessageId = $"m-{task.Arn}-{task.DesiredStatus}", ClusterArn = "arn:c", ContainerInstanceArn = FakePlane.InstanceArn, Tasks = [task],
    };

    public static PayloadMessage Stop(string id) => Payload(new AgentTask { Arn = Arn(id), DesiredStatus = AgentTask.Stopped, Containers = [] });

    public Task<global::System.Text.Json.Nodes.JsonObject> StateAsync(string task, string status) => Plane.CalledAsync(
        "SubmitTaskStateChange", b => (string?)b["task"] == Arn(task) && (string?)b["status"] == status);

    public async Task<ContainerView> ContainerAsync(string task, string name = "main")
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            var found = (await Engine.ListAsync(deadline.Token)).FirstOrDefault(c => c.TaskArn == Arn(task) && c.ContainerName == name);
            if (found is not null)
            {
                return (await Engine.InspectAsync(found.Id, deadline.Token))!;
            }
            await Task.Delay(20, deadline.Token);
        }
    }

    /// <summary>Waits until the node has removed all that the task had.</summary>
    public async Task GoneAsync(string task)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (File.Exists(Path.Combine(_folder, "tasks", task + ".json")))
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    /// <summary>Everything that the container has written, once it has ended.</summary>
    public async Task<string> OutputAsync(string task, string name = "main")
    {
        var lines = new List<string>();
        using var deadline = new CancellationTokenSource(Deadline);
        await foreach (var line in Engine.ReadOutputAsync((await ContainerAsync(task, name)).Id, null, deadline.Token))
        {
            lines.Add(line.Text);
        }
        return string.Join('\n', lines);
    }

    private static string Random8() => global::System.Security.Cryptography.RandomNumberGenerator.GetHexString(8, lowercase: true);

    public async ValueTask DisposeAsync()
    {
        await StopNodeAsync();
        foreach (var container in await Engine.ListAsync(CancellationToken.None))
        {
            await Engine.RemoveAsync(container.Id, CancellationToken.None);
        }
        var volumes = await _client.Volumes.ListAsync(new VolumesListParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [$"{EngineLabels.Node}={Name}"] = true } },
        });
        // Shared volumes outlive their tasks, so they carry the node's label as all others do.
        foreach (var volume in volumes.Volumes ?? [])
        {
            await _client.Volumes.RemoveAsync(volume.Name, true);
        }
        await _client.Networks.DeleteNetworkAsync(Name);
        await Engine.DisposeAsync();
        await Plane.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
