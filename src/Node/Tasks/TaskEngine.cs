using System.Collections.Concurrent;
using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

/// <summary>
/// The tasks of this node. Accepting a payload saves it before it returns, so an acknowledged task survives any crash. Restoring takes
/// saved tasks up where they were: running containers are found again by name and label and left alone.
/// </summary>
internal sealed class TaskEngine : IAsyncDisposable
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";
    private readonly StateFolder _state;
    private readonly string _folder;
    private readonly TaskRunnerContext _context;
    private readonly ResourceGate _gate;
    private readonly CredentialStore _credentials;
    private readonly Action<ReportQueue> _announce;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<string, TaskRunner> _runners = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _loops = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _accept = new();
    private readonly string _boot;
    private NodeProgress _progress;
    private long _nextSequence = 1;
    private int _disposed;

    public TaskEngine(
        StateFolder state, TaskRunnerContext context, ResourceGate gate, CredentialStore credentials, Action<ReportQueue> announce,
        string? bootId = null)
    {
        _state = state;
        _folder = state.Folder("tasks");
        _context = context with { Ended = OnEnded, Revived = OnRevived, Forgotten = OnForgotten };
        _gate = gate;
        _credentials = credentials;
        _announce = announce;
        _log = context.Log;
        _boot = bootId ?? (File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "");
        _progress = StateFolder.Read(state.File(NodeProgress.FileName), NodeProgressJson.Default.NodeProgress) ?? new NodeProgress();
    }

    /// <summary>The newest sequence number of a payload or manifest that this node has seen.</summary>
    public long Generation => Volatile.Read(ref _progress).Generation;

    public IReadOnlyList<TaskRunner> Runners => [.. _runners.Values.OrderBy(r => r.Task.Sequence)];

    public TaskRunner? Find(string? arn) => arn is null ? null : _runners.GetValueOrDefault(arn);

    /// <summary>Takes up the saved tasks. Once, before anything else.</summary>
    public void Restore()
    {
        var rebooted = _progress.BootId.Length > 0 && _progress.BootId != _boot;
        SaveProgress(_progress with { BootId = _boot });
        var saved = new List<SavedTask>();
        foreach (var path in Directory.EnumerateFiles(_folder, "*.json"))
        {
            saved.Add(StateFolder.Read(path, SavedTaskJson.Default.SavedTask)!);
        }
        _context.Configuration.Keep(saved);
        _credentials.Offline.Restore(saved);
        foreach (var task in saved.OrderBy(t => t.Sequence))
        {
            _nextSequence = task.Sequence + 1;
            var runner = Add(task);
            if (task.Containers.Any(c => c.Stage is Stage.Created or Stage.Running))
            {
                _gate.Occupy(task);
                runner.GrantResources();
            }
            if (rebooted)
            {
                runner.ExpectReboot();
            }
            Run(runner);
        }
        if (saved.Count > 0)
        {
            _log.LogInformation("Took up {Count} saved tasks{Reboot}", saved.Count, rebooted ? " after a restart of the machine" : "");
        }
    }

    /// <summary>The server has been told of the starts that it had no part in.</summary>
    public void AloneRestartsTold()
    {
        foreach (var runner in _runners.Values)
        {
            runner.AloneRestartsTold();
        }
    }

    /// <summary>The link went down or came up: what is left to the node alone has changed.</summary>
    public void Wake()
    {
        foreach (var runner in _runners.Values)
        {
            runner.Touch("");
        }
    }

    /// <summary>Passes engine events on to the runners until stopped.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        await foreach (var seen in _context.Engine.WatchAsync(stop))
        {
            if (seen.Kind == EngineEventKind.Resync)
            {
                foreach (var runner in _runners.Values)
                {
                    runner.Touch("");
                }
            }
            else if (Find(seen.TaskArn) is { } runner)
            {
                runner.Touch(seen.ContainerName);
            }
        }
    }

    /// <summary>
    /// Accepts a payload; when this returns, all of it is saved. False when some task of it cannot be converted: such a payload is not
    /// acknowledged, the task's STOPPED report is the answer.
    /// </summary>
    public bool Accept(PayloadMessage payload)
    {
        var sound = true;
        lock (_accept)
        {
            // Stops first: they make room.
            foreach (var task in (payload.Tasks ?? []).OrderBy(t => t.DesiredStatus == AgentTask.Stopped ? 0 : 1))
            {
                sound &= Accept(task);
            }
            if (payload.SeqNum > _progress.Generation)
            {
                // In memory only: a manifest that crosses a restart is compared once more, which is harmless.
                Volatile.Write(ref _progress, _progress with { Generation = payload.SeqNum.Value });
            }
        }
        return sound;
    }

    private bool Accept(AgentTask task)
    {
        if (task.Arn is { } arn && _runners.TryGetValue(arn, out var known))
        {
            Remember(task);
            if (task.DesiredStatus == AgentTask.Stopped)
            {
                known.WantStop();
            }
            return true;
        }
        if (TaskCheck.Fault(task) is { } fault)
        {
            if (task.Arn is not { Length: > 0 } || !task.Arn.Contains('/', StringComparison.Ordinal))
            {
                _log.LogWarning("A task without a usable ARN was dropped: {Fault}", fault);
                return false;
            }
            _log.LogWarning("Task {Task} is refused: {Fault}", task.Arn, fault);
            // Spelled as the Amazon agent spells it: servers may match on it.
            Begin(new AgentTask { Arn = task.Arn, DesiredStatus = AgentTask.Stopped }, $"UnrecogniedTaskError: Error loading task - {fault}");
            return false;
        }
        Remember(task);
        Begin(task, null);
        return true;
    }

    private void Begin(AgentTask given, string? reason)
    {
        var stopped = given.DesiredStatus == AgentTask.Stopped;
        var task = stopped ? given : NetworkOwner.AddTo(given);
        var saved = new SavedTask
        {
            Task = task with { RoleCredentials = null, ExecutionRoleCredentials = null },
            RoleCredentialsId = task.RoleCredentials?.CredentialsId,
            ExecutionCredentialsId = task.ExecutionRoleCredentials?.CredentialsId,
            StopWanted = stopped,
            StopAsked = stopped,
            AcceptedAt = _context.Time.GetUtcNow(),
            Sequence = _nextSequence++,
            Reason = reason ?? (stopped && task.Containers is not { Count: > 0 }
                ? "TaskStateError: Agent could not progress task's state to stopped" : null),
            Containers = [.. (task.Containers ?? []).Select(c => new SavedContainer
            {
                Name = c.Name!,
                EngineName = $"ecs-{Plain(task.Family)}-{task.Version}-{Letters(c.Name!)}-{NodeIds.Hex(20)}",
                MetadataId = NodeIds.Uuid(),
            })],
            Volumes = TaskVolumes.Names(task),
        };
        StateFolder.Write(PathOf(saved), saved, SavedTaskJson.Default.SavedTask);
        _log.LogInformation("Task {Task} accepted: {Family}:{Version}", saved.Id, task.Family, task.Version);
        Run(Add(saved));
    }

    private TaskRunner Add(SavedTask task)
    {
        var runner = new TaskRunner(_context, task, PathOf(task));
        runner.Reports.Announce = () => _announce(runner.Reports);
        _runners[task.Arn] = runner;
        return runner;
    }

    private void Run(TaskRunner runner)
    {
        var task = runner.Task;
        if (!runner.IsOver && !task.Containers.Any(c => c.Stage is Stage.Created or Stage.Running))
        {
            _gate.Enter(task, runner.GrantResources);
        }
        _loops[task.Arn] = Task.Run(() => runner.RunAsync(_stop.Token));
        runner.Reports.Announce();
    }

    /// <summary>
    /// Takes a manifest. Null when it is not newer than what is known, and must not be answered; else the running tasks it does not list.
    /// </summary>
    public IReadOnlyList<TaskIdentifier>? Compare(TaskManifestMessage manifest)
    {
        lock (_accept)
        {
            if (manifest.Timeline is not { } timeline || timeline <= _progress.Generation)
            {
                return null;
            }
            SaveProgress(_progress with { Generation = timeline });
        }
        var listed = (manifest.Tasks ?? []).Where(t => t.DesiredStatus == AgentTask.Running).Select(t => t.TaskArn).ToHashSet();
        return [.. Runners.Where(r => !r.StopWanted && !r.IsOver && !listed.Contains(r.Task.Arn)).Select(r => new TaskIdentifier
        {
            TaskArn = r.Task.Arn, TaskClusterArn = r.Task.Task.TaskClusterArn, DesiredStatus = AgentTask.Stopped,
        })];
    }

    /// <summary>The node is a new instance to a server that counts from the beginning: its first manifest must not look old.</summary>
    public void ForgetGeneration()
    {
        lock (_accept)
        {
            SaveProgress(_progress with { Generation = 0 });
        }
    }

    public void Stop(IEnumerable<TaskIdentifier> tasks)
    {
        foreach (var task in tasks.Where(t => t.DesiredStatus is null or AgentTask.Stopped))
        {
            Find(task.TaskArn)?.WantStop();
        }
    }

    /// <summary>Ends the loops; containers keep running.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await _stop.CancelAsync();
        await Task.WhenAll(_loops.Values);
        foreach (var runner in _runners.Values)
        {
            runner.Dispose();
        }
        _stop.Dispose();
    }

    private void Remember(AgentTask task)
    {
        foreach (var credentials in new[] { task.RoleCredentials, task.ExecutionRoleCredentials })
        {
            if (credentials is not null)
            {
                _credentials.Put(credentials);
            }
        }
    }

    // Its keys stay until it is forgotten: cut off, it may run again.
    private void OnEnded(TaskRunner runner) => _gate.Leave(runner.Task);

    private void OnRevived(TaskRunner runner) => _gate.Enter(runner.Task, runner.GrantResources);

    private void OnForgotten(TaskRunner runner)
    {
        _credentials.Remove(runner.Task.RoleCredentialsId);
        _credentials.Remove(runner.Task.ExecutionCredentialsId);
        _credentials.Offline.Forget(runner.Task);
        _runners.TryRemove(runner.Task.Arn, out _);
        _loops.TryRemove(runner.Task.Arn, out _);
    }

    private void SaveProgress(NodeProgress next)
    {
        StateFolder.Write(_state.File(NodeProgress.FileName), next, NodeProgressJson.Default.NodeProgress);
        Volatile.Write(ref _progress, next);
    }

    /// <summary>Whether the node still has this task, running or ended: from when it is accepted until it is forgotten, restarts included.</summary>
    public static bool Has(StateFolder state, string id) => File.Exists(PathOf(state.Folder("tasks"), id));

    private string PathOf(SavedTask task) => PathOf(_folder, task.Id);

    private static string PathOf(string folder, string id) => Path.Combine(folder, Plain(id) + ".json");

    private static string Plain(string? text) => new([.. (text ?? "").Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')]);

    private static string Letters(string text) => new([.. text.Where(char.IsAsciiLetterOrDigit)]);
}
