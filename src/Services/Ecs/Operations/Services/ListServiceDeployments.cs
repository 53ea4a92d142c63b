using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

internal static class ListServiceDeployments
{
    public const int UnaskedPage = 20;

    public static async ValueTask<ListServiceDeploymentsResponse> HandleAsync(
        EcsContext cx, ListServiceDeploymentsRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var found = await ServiceRules.FindAsync(cx, cluster.Name, request.Service, stop)
            ?? throw new ServiceNotFoundException("Service not found.");
        var size = Paging.Size(request.MaxResults, UnaskedPage);
        var after = Paging.After(request.NextToken);
        // What a page ends with may have left the history before the next one is asked for: then there is nothing older either.
        var rest = after is null ? found.Value.History : found.Value.History.SkipWhile(r => r.Id != after).Skip(1);
        var matching = rest.Where(r => (request.Status is not { Count: > 0 } statuses || statuses.Contains(r.Status))
            && !(r.CreatedAt <= request.CreatedAt?.After) && !(r.CreatedAt >= request.CreatedAt?.Before)).ToList();
        return new ListServiceDeploymentsResponse
        {
            ServiceDeployments = [.. matching.Take(size).Select(r => Brief(cx, found.Value, r))],
            NextToken = matching.Count > size ? Kernel.PageToken.Encode(matching[size - 1].Id) : null,
        };
    }

    private static ServiceDeploymentBrief Brief(EcsContext cx, ServiceDocument service, RolloutRecord record) => new()
    {
        ServiceDeploymentArn = RolloutShapes.DeploymentArn(cx, service, record.Id),
        ServiceArn = service.Arn,
        ClusterArn = EcsNames.ClusterArn(cx.Call, service.ClusterName),
        CreatedAt = record.CreatedAt,
        StartedAt = record.CreatedAt,
        FinishedAt = record.FinishedAt,
        TargetServiceRevisionArn = RolloutShapes.RevisionArn(cx, service, record.Id),
        Status = record.Status,
        StatusReason = record.StatusReason,
    };
}
