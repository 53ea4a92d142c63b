using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Changes what it is given of a cluster's settings, configuration and default namespace.</summary>
internal static class UpdateCluster
{
    public static async ValueTask<UpdateClusterResponse> HandleAsync(EcsContext cx, UpdateClusterRequest request, CancellationToken stop)
    {
        ClusterRules.Check(request.Settings);
        ClusterRules.Check(request.Configuration);
        return new UpdateClusterResponse
        {
            Cluster = await ClusterRules.ChangeAsync(cx, request.Cluster, declared =>
            {
                declared.Settings = request.Settings ?? declared.Settings;
                declared.Configuration = request.Configuration ?? declared.Configuration;
                declared.ServiceConnectDefaults = request.ServiceConnectDefaults is { } defaults
                    ? new ClusterServiceConnectDefaults { Namespace = defaults.Namespace } : declared.ServiceConnectDefaults;
            }, stop),
        };
    }
}
