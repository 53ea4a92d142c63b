using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListTasks
{
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
        if (service is not null && await cx.Documents.GetAsync(EcsKinds.Service, scope, service, stop) is null)
        {
            throw new ServiceNotFoundException("Service not found.");
        }
        var instance = string.IsNullOrEmpty(request.ContainerInstance)
            ? null : EcsNames.Member(request.ContainerInstance, "container-instance", cluster.Name);
        // A task that is asked to stop has desired status STOPPED while it still is in the index of live ones.
        var (index, value) = service is not null ? (EcsKinds.ByService, service)
            : desired == Rules.TaskStatus.Stopped ? (null, "") : (EcsKinds.ByStatus, Rules.TaskStatus.Running);
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => index is null
                ? cx.Documents.ListAsync(EcsKinds.EcsTask, scope, stop, afterName: after, limit: limit)
                : cx.Documents.ListByIndexAsync(EcsKinds.EcsTask, scope, index, value, stop, after, limit),
            task => task.DesiredStatus == desired
                && (instance is null || (task.InstanceId == instance && task.LaunchType != LaunchTypes.Fargate))
                && (request.Family is null || task.Family == request.Family)
                && (request.StartedBy is null || task.StartedBy == request.StartedBy)
                && (request.LaunchType is null || task.LaunchType == request.LaunchType),
            request.MaxResults, request.NextToken);
        return new ListTasksResponse { TaskArns = [.. page.Select(t => t.Value.Arn)], NextToken = next };
    }
}
