using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListServices
{
    /// <summary>As on AWS: who asks for no number gets ten.</summary>
    public const int UnaskedPage = 10;

    public static async ValueTask<ListServicesResponse> HandleAsync(EcsContext cx, ListServicesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => cx.Documents.ListAsync(EcsKinds.Service, scope, stop, afterName: after, limit: limit),
            service => service.Status != ServiceDocument.Inactive
                && (request.LaunchType is null || service.LaunchType == request.LaunchType)
                && (request.SchedulingStrategy is null || request.SchedulingStrategy == (service.Declared.SchedulingStrategy ?? ServiceDocument.ReplicaStrategy)),
            request.MaxResults, request.NextToken, UnaskedPage);
        return new ListServicesResponse { ServiceArns = [.. page.Select(s => s.Value.Arn)], NextToken = next };
    }
}
