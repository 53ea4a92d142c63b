using System.Text.Json;
using System.Text.Json.Nodes;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>A task in the agent's saved state.</summary>
internal sealed class AgentTask
{
    public required string Arn { get; init; }
    public required string Family { get; init; }
    public required string Version { get; init; }
    public required string[] Containers { get; init; }
    public required JsonElement Payload { get; init; }
    public bool StopWanted { get; set; }
    public bool Started { get; set; }
    public bool Over { get; set; }
    public int Payloads { get; set; } = 1;
    public Queue<JsonObject> Unsent { get; } = new();
    public bool Sending { get; set; }
}

// Tasks, the resource gate and state reports: §3.7, §3.8, §4.
internal sealed partial class AmazonAgent
{
    private readonly Dictionary<string, AgentTask> _tasks = new(StringComparer.Ordinal);
    private readonly List<AgentTask> _waiting = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _submissions = [];
    private TaskCompletionSource _online = Done();

    /// <summary>Reports that the server called invalid: dropped for ever.</summary>
    public List<JsonObject> Dropped { get; } = [];
    public List<JsonObject> Submitted { get; } = [];
    /// <summary>Tasks that had to wait for room behind others: a server that keeps to what was registered makes none.</summary>
    public int Blocked { get; private set; }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        done.SetResult();
        return done;
    }

    public IReadOnlyList<AgentTask> RunningTasks()
    {
        lock (_gate)
        {
            return [.. _tasks.Values.Where(t => t is { Started: true, Over: false })];
        }
    }

    public AgentTask? Find(string arn)
    {
        lock (_gate)
        {
            return _tasks.GetValueOrDefault(arn);
        }
    }

    private bool Knows(string arn) => Find(arn) is not null;

    private string[] WantedToRun()
    {
        lock (_gate)
        {
            return [.. _tasks.Values.Where(t => t is { StopWanted: false, Over: false }).Select(t => t.Arn)];
        }
    }

    /// <summary>§3.7.5: three hours after its end a task is unknown again.</summary>
    public void CleanUp()
    {
        lock (_gate)
        {
            foreach (var arn in _tasks.Values.Where(t => t.Over && t.Unsent.Count == 0).Select(t => t.Arn).ToArray())
            {
                _tasks.Remove(arn);
                _cleaned.Add(arn);
            }
        }
    }

    private readonly HashSet<string> _cleaned = new(StringComparer.Ordinal);

    // §3.7.4: known tasks only have their desired status moved forward.
    private void Take(JsonElement payload)
    {
        var arn = payload.GetProperty("arn").GetString()!;
        var stop = payload.GetProperty("desiredStatus").GetString() == "STOPPED";
        lock (_gate)
        {
            if (_tasks.TryGetValue(arn, out var known))
            {
                known.Payloads++;
                if (!stop && known.Over)
                {
                    Fault($"§3.7.5: RUNNING for {arn}, which has reported STOPPED");
                }
            }
            else if (!stop && _cleaned.Contains(arn))
            {
                Fault($"§3.7.5: {arn} would be started a second time");
            }
        }
        if (stop)
        {
            StopTask(arn, payload);
            return;
        }
        AgentTask task;
        lock (_gate)
        {
            if (_tasks.ContainsKey(arn))
            {
                return;
            }
            task = NewTask(arn, payload);
            _tasks[arn] = task;
            _waiting.Add(task);
        }
        StartWaiting();
    }

    private static AgentTask NewTask(string arn, JsonElement payload) => new()
    {
        Arn = arn,
        Family = Text(payload, "family"),
        Version = Text(payload, "version"),
        Containers = payload.TryGetProperty("containers", out var containers)
            ? [.. containers.EnumerateArray().Select(c => Text(c, "name"))] : [],
        Payload = payload,
    };

    // §3.8: first in, first out; the head blocks all others.
    private void StartWaiting()
    {
        while (true)
        {
            AgentTask head;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    return;
                }
                head = _waiting[0];
                if (!Fits(head))
                {
                    Blocked++;
                    return;
                }
                _waiting.RemoveAt(0);
                head.Started = true;
            }
            Begin(head);
        }
    }

    private bool Fits(AgentTask task)
    {
        var running = _tasks.Values.Where(t => t is { Started: true, Over: false }).ToArray();
        var ports = running.SelectMany(HostPorts).Concat([22, 2375, 2376, 51678, 51679]).ToHashSet();
        return running.Sum(Cpu) + Cpu(task) <= Settings.Cpu && running.Sum(Memory) + Memory(task) <= Settings.Memory
            && !HostPorts(task).Any(ports.Contains);
    }

    private static double Cpu(AgentTask task) => task.Payload.TryGetProperty("cpu", out var cpu) ? cpu.GetDouble() * 1024
        : Containers(task).Sum(c => c.TryGetProperty("cpu", out var own) ? own.GetDouble() : 0);

    private static double Memory(AgentTask task) => task.Payload.TryGetProperty("memory", out var memory) ? memory.GetDouble()
        : Containers(task).Sum(c =>
        {
            var host = c.TryGetProperty("dockerConfig", out var docker) && docker.TryGetProperty("hostConfig", out var text)
                ? JsonNode.Parse(text.GetString()!)!.AsObject() : [];
            return (double?)host["MemoryReservation"] / (1024 * 1024) ?? (c.TryGetProperty("memory", out var own) ? own.GetDouble() : 0);
        });

    private static IEnumerable<int> HostPorts(AgentTask task) => Containers(task)
        .SelectMany(c => c.TryGetProperty("portMappings", out var ports) ? ports.EnumerateArray() : [])
        .Select(p => p.TryGetProperty("hostPort", out var port) ? port.GetInt32() : 0).Where(p => p > 0);

    private static IEnumerable<JsonElement> Containers(AgentTask task) =>
        task.Payload.TryGetProperty("containers", out var containers) ? containers.EnumerateArray() : [];

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private void Begin(AgentTask task)
    {
        switch (Settings.Script(task.Payload))
        {
            case Fate.Run:
                Report(task, "PENDING", digest: true);
                Report(task, "RUNNING");
                break;
            case Fate.Exit:
                Report(task, "RUNNING");
                End(task, 1);
                break;
            case Fate.FailToPull:
                End(task, null, "CannotPullImageManifestError: Error response from daemon: no such image");
                break;
            case Fate.NeverStart:
                break;
        }
    }

    /// <summary>The containers of a task end by themselves.</summary>
    public void End(string arn, int? exitCode)
    {
        End(Find(arn)!, exitCode);
        StartWaiting();
    }

    private void End(AgentTask task, int? exitCode, string? reason = null)
    {
        lock (_gate)
        {
            if (task.Over)
            {
                return;
            }
            task.Over = true;
            _waiting.Remove(task);
        }
        Report(task, "STOPPED", exitCode, reason);
    }

    private void StopTask(string arn, JsonElement? payload = null)
    {
        AgentTask task;
        lock (_gate)
        {
            if (!_tasks.TryGetValue(arn, out task!))
            {
                // §3.7.6: adopted and reported at once.
                task = NewTask(arn, payload ?? JsonDocument.Parse("{}").RootElement);
                _tasks[arn] = task;
            }
            task.StopWanted = true;
        }
        End(task, task.Started ? 137 : null);
        StartWaiting();
    }

    private void Report(AgentTask task, string status, int? exitCode = null, string? reason = null, bool digest = false)
    {
        var containers = new JsonArray();
        foreach (var name in task.Containers)
        {
            var container = new JsonObject { ["containerName"] = name, ["status"] = status };
            if (exitCode is not null)
            {
                container["exitCode"] = exitCode;
            }
            if (digest)
            {
                container["imageDigest"] = "sha256:076b52e5a0b4c52a5ae0c4bf6b2c9e7e1a6c8f0f6a0c9f2b4f4b6f8d7c2e1a00";
            }
            if (task.Started && status != "PENDING")
            {
                container["runtimeId"] = "a4204e82569a";
            }
            if (status == "RUNNING")
            {
                container["networkBindings"] = new JsonArray(
                    new JsonObject { ["bindIP"] = "0.0.0.0", ["containerPort"] = 80, ["hostPort"] = 32768, ["protocol"] = "tcp" });
            }
            if (reason is not null)
            {
                container["reason"] = reason;
            }
            containers.Add(container);
        }
        var report = new JsonObject { ["cluster"] = Settings.Cluster, ["task"] = task.Arn, ["status"] = status, ["reason"] = "" };
        if (containers.Count > 0)
        {
            report["containers"] = containers;
        }
        if (status == "STOPPED")
        {
            report["executionStoppedAt"] = Seconds();
        }
        lock (_gate)
        {
            task.Unsent.Enqueue(report);
        }
        Submit(task);
    }

    private void ResubmitUnsent()
    {
        AgentTask[] unsent;
        lock (_gate)
        {
            unsent = [.. _tasks.Values.Where(t => t.Unsent.Count > 0)];
        }
        foreach (var task in unsent)
        {
            Submit(task);
        }
    }

    // §2.7: in order within a task, tasks beside each other.
    private void Submit(AgentTask task)
    {
        lock (_gate)
        {
            if (task.Sending)
            {
                return;
            }
            task.Sending = true;
            _submissions.Add(Task.Run(() => SubmitAllAsync(task)));
        }
    }

    private async Task SubmitAllAsync(AgentTask task)
    {
        while (!_ending.IsCancellationRequested)
        {
            JsonObject report;
            Task online;
            lock (_gate)
            {
                if (task.Unsent.Count == 0)
                {
                    task.Sending = false;
                    return;
                }
                (report, online) = (task.Unsent.Peek(), _online.Task);
            }
            try
            {
                await online.WaitAsync(_ending.Token);
                var (status, code, _) = await CallAsync("SubmitTaskStateChange", report);
                if (status != 200 && code != "InvalidParameterException")
                {
                    await Task.Delay(20, _ending.Token);
                    continue;
                }
                lock (_gate)
                {
                    (status == 200 ? Submitted : Dropped).Add(report);
                    task.Unsent.Dequeue();
                }
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>§9: the network is gone; what happens meanwhile is queued.</summary>
    public async Task CutAsync()
    {
        lock (_gate)
        {
            _online = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        await DropAsync();
    }

    private void Heal()
    {
        lock (_gate)
        {
            _online.TrySetResult();
        }
    }

    private async Task EndSubmissionsAsync()
    {
        await _ending.CancelAsync();
        Task[] all;
        lock (_gate)
        {
            all = [.. _submissions];
        }
        await Task.WhenAll(all).WaitAsync(Patience);
        _ending.Dispose();
    }
}
