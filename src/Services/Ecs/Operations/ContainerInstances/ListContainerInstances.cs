using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs.Operations;

internal static class ListContainerInstances
{
    public static async ValueTask<ListContainerInstancesResponse> HandleAsync(
        EcsContext cx, ListContainerInstancesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        ClusterQuery? filter = null;
        if (!string.IsNullOrWhiteSpace(request.Filter) && !ClusterQuery.TryParse(request.Filter, out filter, out var error))
        {
            throw new InvalidParameterException($"Invalid filter expression: {request.Filter} ({error})");
        }
        var tasks = filter?.ReadsTasks is true ? await TasksAsync(cx, scope, stop) : null;
        var instances = await EcsMirror.ReadAsync(cx.Documents, scope, cluster => cluster.InstancesByName, stop);
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => ValueTask.FromResult(Paging.Slice(instances, after, limit)),
            instance => (request.Status is null ? instance.Status != ContainerInstanceDocument.Inactive : instance.Status == request.Status)
                && (filter is null || filter.Matches(Node(instance, tasks))),
            request.MaxResults, request.NextToken);
        return new ListContainerInstancesResponse { ContainerInstanceArns = [.. page.Select(i => i.Value.Arn)], NextToken = next };
    }

    // Counted as DescribeContainerInstances counts: tasks that run, not those that are yet to start.
    private static ValueTask<ILookup<string, TaskDocument>> TasksAsync(EcsContext cx, string scope, CancellationToken stop) =>
        EcsMirror.ReadAsync(cx.Documents, scope, cluster => cluster.Tasks.Select(t => t.Value).Where(t => !t.IsStopped)
            .ToLookup(t => t.InstanceId, StringComparer.Ordinal), stop);

    private static NodeCapacity Node(ContainerInstanceDocument instance, ILookup<string, TaskDocument>? tasks)
    {
        var here = tasks?[instance.Id].ToList() ?? [];
        return ClusterCapacity.Node(new NodeFacts(instance), null) with
        {
            RunningTasks = here.Count(t => t.IsRunning),
            TasksByGroup = here.Where(t => t.WantsRunning).CountBy(t => t.Group ?? "").ToDictionary(g => g.Key, g => g.Value, StringComparer.Ordinal),
        };
    }
}
