using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Changes the one setting that clusters have; all else of the cluster stays.</summary>
internal static class UpdateClusterSettings
{
    public static async ValueTask<UpdateClusterSettingsResponse> HandleAsync(
        EcsContext cx, UpdateClusterSettingsRequest request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.Cluster))
        {
            throw new InvalidParameterException("Cluster can not be blank.");
        }
        if (request.Settings is not { Count: > 0 })
        {
            throw new InvalidParameterException("Settings can not be blank.");
        }
        ClusterRules.Check(request.Settings);
        return new UpdateClusterSettingsResponse
        {
            Cluster = await ClusterRules.ChangeAsync(cx, request.Cluster, declared => declared.Settings = request.Settings, stop),
        };
    }
}
