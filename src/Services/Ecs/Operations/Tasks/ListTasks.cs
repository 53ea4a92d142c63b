using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListTasks
{
    private static readonly IComparer<string> LastFirst = Comparer<string>.Create(static (one, other) => string.CompareOrdinal(other, one));

    public static async ValueTask<ListTasksResponse> HandleAsync(EcsContext cx, ListTasksRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        var desired = request.DesiredStatus ?? Rules.TaskStatus.Running;
        if (desired is not (Rules.TaskStatus.Running or Rules.TaskStatus.Pending or Rules.TaskStatus.Stopped))
        {
            throw new InvalidParameterException($"Invalid desiredStatus '{desired}'.");
        }
        var service = string.IsNullOrEmpty(request.ServiceName) ? null : EcsNames.Member(request.ServiceName, "service", cluster.Name);
        if (service is not null
            && await EcsMirror.ReadAsync(cx.Documents, scope, c => c.Services.GetValueOrDefault(service)?.Document is null, stop))
        {
            throw new ServiceNotFoundException("Service not found.");
        }
        var instance = string.IsNullOrEmpty(request.ContainerInstance)
            ? null : EcsNames.Member(request.ContainerInstance, "container-instance", cluster.Name);
        bool Matches(TaskDocument task) => task.DesiredStatus == desired
            && (service is null || task.ServiceName == service)
            && (instance is null || (task.InstanceId == instance && task.LaunchType != LaunchTypes.Fargate))
            && (request.Family is null || task.Family == request.Family)
            && (request.StartedBy is null || task.StartedBy == request.StartedBy)
            && (request.LaunchType is null || task.LaunchType == request.LaunchType);
        var unfiltered = service is null && instance is null && request.Family is null && request.StartedBy is null && request.LaunchType is null;
        var (page, next) = await Paging.ReadAsync(
            async (after, limit) =>
            {
                if (unfiltered && desired != Rules.TaskStatus.Stopped)
                {
                    return await cx.Documents.ListByIndexAsync(EcsKinds.EcsTask, scope, EcsKinds.ByStatus, Rules.TaskStatus.Running, stop, after, limit);
                }
                var live = await EcsMirror.ReadAsync(cx.Documents, scope, c => Live(c, service, instance, Matches, after, limit), stop);
                // Those that are asked to stop have desired status STOPPED while they still live.
                return desired != Rules.TaskStatus.Stopped ? live : Merge(live, await StoppedAsync(cx, scope, service, after, limit, stop), limit);
            },
            Matches, request.MaxResults, request.NextToken);
        return new ListTasksResponse { TaskArns = [.. page.Select(t => t.Value.Arn)], NextToken = next };
    }

    // The live ones are in memory: with a hundred thousand of them, reading each for a filter that few pass would take seconds.
    private static IReadOnlyList<Document<TaskDocument>> Live(
        ClusterMirror cluster, string? service, string? instance, Func<TaskDocument, bool> matches, string? after, int limit)
    {
        if (service is not null)
        {
            return cluster.Services.TryGetValue(service, out var state) ? Live(state.Tasks, matches, after, limit) : [];
        }
        IEnumerable<Document<TaskDocument>> candidates =
            instance is not null ? (cluster.Node(instance)?.Assignment?.Value.Entries ?? []).Select(e => cluster.Find(e.TaskId)).OfType<Document<TaskDocument>>()
            : cluster.Tasks;
        // The first ones by name, in one pass: the last of them is on top and gives way.
        var first = new PriorityQueue<Document<TaskDocument>, string>(LastFirst);
        foreach (var task in candidates)
        {
            var name = task.Key.Name;
            if (string.CompareOrdinal(name, after) <= 0 || (first.Count == limit && string.CompareOrdinal(name, first.Peek().Key.Name) >= 0)
                || task.Value.IsStopped || !matches(task.Value))
            {
                continue;
            }
            if (first.Count == limit)
            {
                first.Dequeue();
            }
            first.Enqueue(task, name);
        }
        return [.. first.UnorderedItems.Select(t => t.Element).OrderBy(t => t.Key.Name, StringComparer.Ordinal)];
    }

    private static List<Document<TaskDocument>> Live(TaskList tasks, Func<TaskDocument, bool> matches, string? after, int limit)
    {
        var page = new List<Document<TaskDocument>>();
        for (var i = tasks.After(after); i < tasks.Count && page.Count < limit; i++)
        {
            if (!tasks[i].Value.IsStopped && matches(tasks[i].Value))
            {
                page.Add(tasks[i]);
            }
        }
        return page;
    }

    private static ValueTask<IReadOnlyList<Document<TaskDocument>>> StoppedAsync(
        EcsContext cx, string scope, string? service, string? after, int limit, CancellationToken stop) => service is null
        ? cx.Documents.ListByIndexAsync(EcsKinds.EcsTask, scope, EcsKinds.ByStatus, Rules.TaskStatus.Stopped, stop, after, limit)
        : cx.Documents.ListByIndexAsync(EcsKinds.EcsTask, scope, EcsKinds.ByService, service, stop, after, limit);

    private static IReadOnlyList<Document<TaskDocument>> Merge(
        IReadOnlyList<Document<TaskDocument>> live, IReadOnlyList<Document<TaskDocument>> stopped, int limit) =>
        [.. live.Concat(stopped).DistinctBy(t => t.Key.Name).OrderBy(t => t.Key.Name, StringComparer.Ordinal).Take(limit)];
}
