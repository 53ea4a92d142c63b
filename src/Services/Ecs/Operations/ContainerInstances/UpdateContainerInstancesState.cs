using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>ACTIVE or DRAINING. Draining is known to the server only: the agent just gets stop messages as services move away.</summary>
internal static class UpdateContainerInstancesState
{
    public const int MaximumInstances = 10;

    public static async ValueTask<UpdateContainerInstancesStateResponse> HandleAsync(
        EcsContext cx, UpdateContainerInstancesStateRequest request, CancellationToken stop)
    {
        if (request.Status is not (ContainerInstanceDocument.Active or ContainerInstanceDocument.Draining))
        {
            throw new InvalidParameterException("Container instance status should be one of [ACTIVE,DRAINING]");
        }
        if (request.ContainerInstances is not { Count: >= 1 and <= MaximumInstances } references)
        {
            throw new InvalidParameterException("Container instances must have between 1 and 10 items.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        var response = new UpdateContainerInstancesStateResponse { ContainerInstances = [], Failures = [] };
        foreach (var reference in references)
        {
            var id = EcsNames.Member(reference, "container-instance", cluster.Name);
            var changed = await InstanceChange.ApplyAsync(cx.Documents, scope, id, i =>
            {
                OwnInstance.Require(cx, i, nameof(UpdateContainerInstancesState));
                return i.Status == ContainerInstanceDocument.Inactive || i.Status == request.Status
                    ? i : i with { Status = request.Status, Version = i.Version + 1 };
            }, stop);
            if (changed is null || changed.Status == ContainerInstanceDocument.Inactive)
            {
                response.Failures.Add(Shapes.Missing(cx.Arn($"container-instance/{cluster.Name}/{id}")));
            }
            else
            {
                response.ContainerInstances.Add(await InstanceDescription.OfAsync(cx, scope, changed, null, stop));
            }
        }
        return response;
    }
}
