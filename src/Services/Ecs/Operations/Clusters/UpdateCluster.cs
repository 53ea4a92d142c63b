using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class UpdateCluster
{
    public static async ValueTask<UpdateClusterResponse> HandleAsync(EcsContext cx, UpdateClusterRequest request, CancellationToken stop)
    {
        var name = EcsNames.Cluster(request.Cluster);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            if (found is not { Value.IsActive: true })
            {
                throw new ClusterNotFoundException("Cluster not found.");
            }
            var kept = found.Value.Declared;
            var updated = found.Value with
            {
                Declared = new Cluster
                {
                    Settings = request.Settings ?? kept.Settings,
                    Configuration = request.Configuration ?? kept.Configuration,
                    CapacityProviders = kept.CapacityProviders,
                    DefaultCapacityProviderStrategy = kept.DefaultCapacityProviderStrategy,
                    ServiceConnectDefaults = request.ServiceConnectDefaults is { } defaults
                        ? new ClusterServiceConnectDefaults { Namespace = defaults.Namespace } : kept.ServiceConnectDefaults,
                },
            };
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Cluster, found, updated), stop)).Committed)
            {
                return new UpdateClusterResponse
                {
                    Cluster = Shapes.Cluster(updated, await ClusterCounting.CountAsync(cx, name, stop)),
                };
            }
        }
        throw EcsContext.Contended();
    }
}
