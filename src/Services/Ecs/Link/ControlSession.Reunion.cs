using Longspan.AgentLink;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

// The part that compares what a node has with what we think it has. Our node tells it first after each connect.
internal sealed partial class ControlSession
{
    private long _timeline;
    private volatile bool _manifestDue;

    private async ValueTask TakeReportAsync(NodeReportMessage report, CancellationToken stop)
    {
        if (!_link.IsLongspanNode)
        {
            return;
        }
        Volatile.Write(ref _nodeConnection, report.Connection);
        var reported = (report.Tasks ?? []).Where(t => t.TaskArn is not null).DistinctBy(t => IdOf(t.TaskArn!))
            .ToDictionary(t => IdOf(t.TaskArn!), StringComparer.Ordinal);
        var assignment = (await AssignmentAsync(stop))?.Value ?? new AssignmentDocument();
        foreach (var task in reported.Values.Where(t => t.DesiredStatus == AgentTask.Running && assignment.Find(IdOf(t.TaskArn!)) is null))
        {
            await AdoptUnknownAsync(task, stop);
        }
        foreach (var entry in assignment.Entries.Where(e => !e.Stop))
        {
            if (!reported.TryGetValue(entry.TaskId, out var known))
            {
                await TaskChange.ApplyAsync(_link.Documents, _link.Turns, _link.Scope, entry.TaskId,
                    t => t.IsRunning ? t.WithStopped(StopCodes.EssentialContainerExited, UnknownTask.Missing, Now) : t, stop);
            }
            else if (!_link.Instance.AgentConnected && known.KnownStatus == AgentTask.Running)
            {
                await TaskChange.ApplyAsync(_link.Documents, _link.Turns, _link.Scope, entry.TaskId, t => t.WithShown(Now), stop);
            }
        }
        await KeepLossAsync(report.LostLogEvents ?? 0, stop);
        foreach (var task in reported.Values.Where(t => t.HasOfflineCredentials == true))
        {
            // What is not wanted any more is to be taken back from it.
            _granted.TryAdd(IdOf(task.TaskArn!), default);
            Signal();
        }
        await TellFirstAsync(reported.Values, t => t.OfflineCredentialsSince, "that got offline credentials", "They get usual ones again", stop);
        await TellFirstAsync(reported.Values, t => t.CredentialsExpiredAt, "whose credentials ended", "They are renewed now", stop);
        await TellRestartsAsync(reported.Values.Where(t => t.AloneRestarts > 0 && t.ServiceName is { Length: > 0 }), stop);
        if (report.Generation is { } seen && seen >= Volatile.Read(ref _timeline))
        {
            await RaiseGenerationAsync(seen, stop);
        }
    }

    // Each service hears of it in one event, however many of its tasks it was.
    private async ValueTask TellRestartsAsync(IEnumerable<NodeTaskReport> tasks, CancellationToken stop)
    {
        foreach (var service in tasks.GroupBy(t => t.ServiceName!, StringComparer.Ordinal))
        {
            var last = service.MaxBy(t => t.AloneRestarts)!;
            var text = $"had {service.Sum(t => t.AloneRestarts)} restarts in place on (container-instance {_link.Instance.Id}) while it was cut off. "
                + $"Most often: (task {IdOf(last.TaskArn!)}), last time for: {last.LastAloneEnd}";
            await TellAsync(service.Key, text, stop);
        }
    }

    /// <param name="since">When it happened to a task, if it did, in seconds since the epoch by the node's clock.</param>
    private async ValueTask TellFirstAsync(IEnumerable<NodeTaskReport> tasks, Func<NodeTaskReport, double?> since, string what, string now, CancellationToken stop)
    {
        foreach (var service in tasks.Where(t => since(t) is not null && t.ServiceName is { Length: > 0 }).GroupBy(t => t.ServiceName!, StringComparer.Ordinal))
        {
            var first = service.MinBy(since)!;
            await TellAsync(service.Key,
                $"had {service.Count()} tasks on (container-instance {_link.Instance.Id}) {what} while it was cut off, the first "
                + $"(task {IdOf(first.TaskArn!)}) at {Past(since(first)!.Value):yyyy-MM-ddTHH:mm:ssZ}. {now}.", stop);
        }
    }

    /// <summary>What a node says of its own clock: never the future, nor before the epoch.</summary>
    private DateTimeOffset Past(double seconds) => DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(seconds, 0, Now.ToUnixTimeSeconds()));

    private async ValueTask TellAsync(string service, string text, CancellationToken stop)
    {
        if (await _link.Documents.GetAsync(EcsKinds.Service, _link.Scope, service, stop) is { } read)
        {
            // One event more or less is not worth a fight for the document.
            await _link.Documents.CommitAsync(
                new Commit().Update(EcsKinds.Service, read, read.Value.WithEvent(Ids.Uuid(), text, Now)), stop);
        }
    }

    // What a full spool cost is shown with the instance for as long as it is registered.
    private async ValueTask KeepLossAsync(long lost, CancellationToken stop)
    {
        var count = lost.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (lost > 0 && _link.Instance.AttributeValue(NodeCapability.LostLogEvents) != count)
        {
            LogLoss(_link.Instance.Id, lost);
            await InstanceChange.ApplyAsync(_link.Documents, _link.Scope, _link.Instance.Id,
                i => i.WithAttributes(i.Attributes.Where(a => a.Name != NodeCapability.LostLogEvents)
                    .Append(new InstanceAttribute(NodeCapability.LostLogEvents, count))), stop);
        }
    }

    // A server that was put back to an earlier state counts from there: its manifests would look old to the node.
    private async ValueTask RaiseGenerationAsync(long seen, CancellationToken stop)
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var read = await AssignmentAsync(stop);
            if (read is null || read.Value.Generation > seen
                || (await _link.Documents.CommitAsync(
                    new Commit().Update(EcsKinds.Assignment, read, read.Value with { Generation = seen + 1 }), stop)).Committed)
            {
                _manifestDue = true;
                Signal();
                return;
            }
        }
        throw EcsContext.Contended();
    }

    /// <summary>Takes a task in that we have never heard of. Null when there is nothing to take in: we know it.</summary>
    private async ValueTask<TaskDocument?> AdoptUnknownAsync(NodeTaskReport found, CancellationToken stop)
    {
        var adopted = await UnknownTask.AdoptAsync(_link, found, Now, stop);
        if (adopted is not null)
        {
            LogUnknown(adopted.Id, _link.Instance.Id);
        }
        return adopted;
    }

    private static string IdOf(string arn) => arn[(arn.LastIndexOf('/') + 1)..];

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Task {Task} runs on {Instance} and is not known here. It is kept; stop it with StopTask if it is not wanted")]
    private partial void LogUnknown(string task, string instance);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} has dropped {Count} log events since it was registered, because its spool was full")]
    private partial void LogLoss(string instance, long count);
}
