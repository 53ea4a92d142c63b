using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What an agent told of a task: the common part of both Submit operations.</summary>
internal sealed record TaskReport
{
    public string? Status { get; init; }
    public string? Reason { get; init; }
    public IReadOnlyList<ContainerStateChange> Containers { get; init; } = [];
    public DateTimeOffset? PullStartedAt { get; init; }
    public DateTimeOffset? PullStoppedAt { get; init; }
    public DateTimeOffset? ExecutionStoppedAt { get; init; }
}

/// <summary>
/// Applies reports to tasks. Reports arrive at least once, late, and across tasks in any order; a container may appear twice in one
/// report. So everything here is monotonic: applying a report again, or an older one after it, changes nothing.
/// </summary>
internal static class TaskReports
{
    /// <summary>The task after the report; the same document when it says nothing new, so that repeated reports make no revisions.</summary>
    public static TaskDocument Apply(TaskDocument task, TaskReport report, DateTimeOffset now)
    {
        if (task.IsWaiting)
        {
            // No instance has it, so there is nobody who could know.
            return task;
        }
        var containers = task.Containers;
        foreach (var change in report.Containers)
        {
            var at = containers.TakeWhile(c => c.Name != change.ContainerName).Count();
            if (at < containers.Count && Apply(containers[at], change) is var changed && changed != containers[at])
            {
                containers = [.. containers.Take(at), changed, .. containers.Skip(at + 1)];
            }
        }
        var status = TaskStatus.Later(task.LastStatus, report.Status);
        var next = task with
        {
            Containers = containers,
            LastStatus = status,
            PrivateAddress = task.PrivateAddress ?? AddressOf(task, containers),
            PullStartedAt = task.PullStartedAt ?? report.PullStartedAt,
            PullStoppedAt = task.PullStoppedAt ?? report.PullStoppedAt,
            ExecutionStoppedAt = task.ExecutionStoppedAt ?? report.ExecutionStoppedAt,
        };
        if (next == task)
        {
            return task;
        }
        next = next with { Version = task.Version + 1 };
        if (status == TaskStatus.Running && next.StartedAt is null)
        {
            next = next with { StartedAt = now, ConnectivityAt = next.ConnectivityAt ?? now };
        }
        return status == TaskStatus.Stopped && !task.IsStopped ? Stop(next, report, now) : next;
    }

    private static ContainerRecord Apply(ContainerRecord container, ContainerStateChange change)
    {
        var status = TaskStatus.Later(container.LastStatus, change.Status);
        return container with
        {
            LastStatus = status,
            ExitCode = change.ExitCode ?? container.ExitCode,
            // Reasons are sticky in the agent: an early warning is repeated for ever. Only an end makes one worth showing.
            Reason = status == TaskStatus.Stopped && !string.IsNullOrEmpty(change.Reason) ? change.Reason : container.Reason,
            RuntimeId = change.RuntimeId ?? container.RuntimeId,
            ImageDigest = change.ImageDigest ?? container.ImageDigest,
            NetworkBindings = change.NetworkBindings is { Count: > 0 } bindings && !Same(bindings, container.NetworkBindings)
                ? bindings : container.NetworkBindings,
        };
    }

    private static bool Same(IReadOnlyList<NetworkBinding> one, IReadOnlyList<NetworkBinding> other) => one.Select(Facts).SequenceEqual(other.Select(Facts));

    private static (string?, int?, int?, string?, string?, string?) Facts(NetworkBinding b) =>
        (b.BindIP, b.ContainerPort, b.HostPort, b.ContainerPortRange, b.HostPortRange, b.Protocol);

    // The bindings of an awsvpc task carry its address: nothing of it is published on the host.
    private static string? AddressOf(TaskDocument task, IReadOnlyList<ContainerRecord> containers) =>
        task.IsAwsvpc
            ? containers.SelectMany(c => c.NetworkBindings).Select(b => b.BindIP).FirstOrDefault(ip => ip is not (null or "" or "0.0.0.0"))
            : null;

    private static TaskDocument Stop(TaskDocument task, TaskReport report, DateTimeOffset now)
    {
        var (code, reason) = task.StartedAt is null
            ? (StopCodes.FailedToStart, FailureOf(task, report))
            : (StopCodes.EssentialContainerExited,
                string.IsNullOrEmpty(report.Reason) ? "Essential container in task exited" : report.Reason);
        return task with
        {
            DesiredStatus = TaskStatus.Stopped,
            StopCode = task.StopCode ?? code,
            StoppedReason = task.StoppedReason ?? reason,
            StoppingAt = task.StoppingAt ?? report.ExecutionStoppedAt ?? now,
            StoppedAt = now,
            Containers = [.. task.Containers.Select(c => c with { LastStatus = TaskStatus.Stopped })],
        };
    }

    private static string FailureOf(TaskDocument task, TaskReport report)
    {
        if (!string.IsNullOrEmpty(report.Reason))
        {
            return report.Reason;
        }
        const string exited = "Essential container in task exited";
        if (task.Containers.Any(c => c is { Essential: true, ExitCode: not null, RuntimeId: not null }))
        {
            // It ran. A reason beside it may be a warning from before, as of an image that was then found in the cache.
            return exited;
        }
        var failed = task.Containers.FirstOrDefault(c => !string.IsNullOrEmpty(c.Reason));
        return failed?.Reason ?? (task.Containers.Any(c => c.Essential && c.ExitCode is not null) ? exited : "Task failed to start");
    }

    /// <summary>Applies health from the telemetry socket; the same document when nothing changed, so that telemetry makes no revisions.</summary>
    public static TaskDocument ApplyHealth(TaskDocument task, IReadOnlyDictionary<string, string> healthByContainer)
    {
        if (task.IsStopped || !task.Containers.Any(c => healthByContainer.TryGetValue(c.Name, out var h) && h != c.HealthStatus))
        {
            return task;
        }
        ContainerRecord[] containers =
            [.. task.Containers.Select(c => healthByContainer.TryGetValue(c.Name, out var h) ? c with { HealthStatus = h } : c)];
        return task with { Containers = containers, HealthStatus = HealthOf(containers), Version = task.Version + 1 };
    }

    private static string HealthOf(ContainerRecord[] containers)
    {
        var judged = containers.Where(c => c.Essential && c.HasHealthCheck).ToArray();
        return judged.Any(c => c.HealthStatus == "UNHEALTHY") ? "UNHEALTHY"
            : judged.Length > 0 && judged.All(c => c.HealthStatus == "HEALTHY") ? "HEALTHY"
            : "UNKNOWN";
    }
}
