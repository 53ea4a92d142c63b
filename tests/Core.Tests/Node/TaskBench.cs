using Longspan.AgentLink;
using Longspan.Node;
using Longspan.Node.Engines;
using Longspan.Node.Engines.Fake;
using Longspan.Node.Injection;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Core.Tests.Node;

/// <summary>A task engine on a temporary state folder and a fake container engine. Reports are collected instead of sent.</summary>
internal sealed class TaskBench : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(string Arn, TaskReport Report)> _sent = [];
    private StateFolder _state = null!;
    private System.Threading.Tasks.Task _watch = null!;

    public string Folder { get; } = Directory.CreateTempSubdirectory("node-test").FullName;
    public FakeEngine Engine { get; } = new("n1", TimeProvider.System);
    public CredentialStore Credentials { get; private set; } = null!;
    public TaskEngine Tasks { get; private set; } = null!;
    public int CpuUnits { get; init; } = 4096;
    public TimeSpan CleanupWait { get; init; } = TimeSpan.FromHours(1);
    public PullBehavior Pulls { get; init; } = PullBehavior.Default;
    /// <summary>While false, reports stay unsent, as with a cut link.</summary>
    public bool IsConnected { get; set; } = true;
    /// <summary>Fetches what containers are to be given.</summary>
    public ConfigurationSource Source { get; set; } = (_, _) => throw new InvalidOperationException("nothing was to be fetched");
    public ContainerTrust? Trust { get; init; }
    /// <summary>What the node knows of the link.</summary>
    public bool IsCutOff { get; set; }

    public TaskBench Start(string bootId = "boot-1")
    {
        var settings = new NodeSettings
        {
            Name = "n1", Endpoint = new Uri("http://127.0.0.1:1"), Region = "us-east-1", StateFolder = Folder, Network = "net",
        };
        _state = StateFolder.Open(Folder);
        Credentials = new CredentialStore(new OfflineGrants(_state, TimeProvider.System));
        var context = new TaskRunnerContext
        {
            Engine = Engine,
            Planner = new ContainerPlanner(settings, new ContainerEndpoints(ContainerEndpoints.LinkLocal), Trust),
            Images = new ImageSource(Engine, Pulls, (_, _, _, _) => System.Threading.Tasks.Task.FromResult<RegistryLogin?>(null), TimeProvider.System, NullLogger.Instance),
            Volumes = new TaskVolumes(Engine),
            Configuration = new TaskConfiguration(_state, (task, stop) => Source(task, stop)),
            Outputs = OutputSink.None,
            Time = TimeProvider.System,
            Log = NullLogger.Instance,
            StopTimeout = TimeSpan.FromSeconds(1),
            CleanupWait = CleanupWait,
            IsCutOff = () => IsCutOff,
            Ended = static _ => { },
            Forgotten = static _ => { },
        };
        Tasks = new TaskEngine(_state, context, new ResourceGate(CpuUnits, 8192, []), Credentials, Send, bootId);
        Tasks.Restore();
        _watch = Tasks.WatchAsync(_stop.Token);
        return this;
    }

    public async Task<TaskBench> RestartAsync(string bootId = "boot-1")
    {
        await Tasks.DisposeAsync();
        _state.Dispose();
        return Start(bootId);
    }

    public static string Arn(string id) => $"arn:aws:ecs:us-east-1:123456789012:task/default/{id}";

    public static AgentTask Task(string id, params AgentContainer[] containers) => new()
    {
        Arn = Arn(id), DesiredStatus = AgentTask.Running, Family = "web", Version = "3",
        Containers = containers.Length > 0 ? containers : [new AgentContainer { Name = "main", Image = "app", Essential = true, Cpu = 256, Memory = 64 }],
    };

    public bool Accept(params AgentTask[] tasks) => Tasks.Accept(
        new PayloadMessage { MessageId = "m", ClusterArn = "c", ContainerInstanceArn = "i", Tasks = tasks });

    public bool Stop(string id) => Accept(new AgentTask { Arn = Arn(id), DesiredStatus = AgentTask.Stopped, Containers = [] });

    public IReadOnlyList<TaskReport> Sent(string id)
    {
        lock (_sent)
        {
            return [.. _sent.Where(s => s.Arn == Arn(id)).Select(s => s.Report)];
        }
    }

    public SavedContainer Container(string id, string name = "main") => Tasks.Find(Arn(id))!.Task.Container(name);

    public string EngineName(string id, string name = "main") => Container(id, name).EngineName;

    public Task<TaskReport> ReportedAsync(string id, string status) =>
        UntilAsync($"{id} reported {status}", () => Sent(id).FirstOrDefault(r => r.Status == status));

    public System.Threading.Tasks.Task RunningAsync(string id, string name = "main") =>
        UntilAsync($"{id}/{name} runs", () => Container(id, name).Stage == Stage.Running ? "" : null);

    public async Task<T> UntilAsync<T>(string what, Func<T?> probe)
        where T : class
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            if (probe() is { } found)
            {
                return found;
            }
            if (deadline.IsCancellationRequested)
            {
                var seen = string.Join("; ", Tasks.Runners.Select(r => r.Task.Id + ": " + string.Join(
                    ", ", r.Task.Containers.Select(c => $"{c.Name} {c.Stage} {c.ExitCode} {c.Reason}"))));
                throw new TimeoutException($"{what}: not seen. Last: {seen}");
            }
            await System.Threading.Tasks.Task.Delay(5, CancellationToken.None);
        }
    }

    private void Send(ReportQueue queue)
    {
        lock (_sent)
        {
            while (IsConnected && queue.Oldest is { } report)
            {
                _sent.Add((queue.Arn, report));
                queue.Sent(report);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watch;
        await Tasks.DisposeAsync();
        _state.Dispose();
        _stop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
