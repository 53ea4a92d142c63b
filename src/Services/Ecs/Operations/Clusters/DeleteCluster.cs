using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DeleteCluster
{
    public static async ValueTask<DeleteClusterResponse> HandleAsync(EcsContext cx, DeleteClusterRequest request, CancellationToken stop)
    {
        var name = EcsNames.Cluster(request.Cluster);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            if (found is null)
            {
                throw new ClusterNotFoundException("Cluster not found.");
            }
            if (!found.Value.IsActive)
            {
                return new DeleteClusterResponse { Cluster = Shapes.Cluster(found.Value, ClusterCounts.None) };
            }
            var counts = await ClusterCounting.CountAsync(cx, name, stop);
            if (counts.Services > 0)
            {
                throw new ClusterContainsServicesException("The Cluster cannot be deleted while Services are active.");
            }
            if (counts.Instances > 0)
            {
                throw new ClusterContainsContainerInstancesException(
                    "The Cluster cannot be deleted while Container Instances are active or draining.");
            }
            if (counts.Running + counts.Pending > 0)
            {
                throw new ClusterContainsTasksException("The Cluster cannot be deleted while Tasks are active.");
            }
            var deleted = found.Value with { Status = ClusterDocument.Inactive };
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Cluster, found, deleted), stop)).Committed)
            {
                return new DeleteClusterResponse { Cluster = Shapes.Cluster(deleted, ClusterCounts.None) };
            }
        }
        throw EcsContext.Contended();
    }
}
