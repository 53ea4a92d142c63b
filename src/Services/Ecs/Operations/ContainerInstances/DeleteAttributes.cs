using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DeleteAttributes
{
    public static async ValueTask<DeleteAttributesResponse> HandleAsync(
        EcsContext cx, DeleteAttributesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var attributes = request.Attributes ?? [];
        foreach (var group in attributes.GroupBy(a => a.TargetId, StringComparer.Ordinal))
        {
            var id = EcsNames.Member(group.Key, "container-instance", cluster.Name);
            var changed = await InstanceChange.ApplyAsync(cx.Documents, cx.ClusterScope(cluster.Name), id, instance =>
                instance.WithAttributes(instance.Attributes.Where(a =>
                    !group.Any(g => g.Name == a.Name && (g.Value is null || g.Value == a.Value)))), stop);
            if (changed is null)
            {
                throw new TargetNotFoundException("The specified target was not found.");
            }
        }
        return new DeleteAttributesResponse { Attributes = attributes };
    }
}
