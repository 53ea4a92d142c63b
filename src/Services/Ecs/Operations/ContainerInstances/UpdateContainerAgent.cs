using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Agents are updated by their own packages; there is never a newer one to offer.</summary>
internal static class UpdateContainerAgent
{
    public static async ValueTask<UpdateContainerAgentResponse> HandleAsync(
        EcsContext cx, UpdateContainerAgentRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var id = EcsNames.Member(request.ContainerInstance, "container-instance", cluster.Name);
        _ = await cx.Documents.GetAsync(EcsKinds.Instance, cx.ClusterScope(cluster.Name), id, stop)
            ?? throw new InvalidParameterException("The referenced container instance was not found.");
        throw new NoUpdateAvailableException("There is no update available for your container agent.");
    }
}
