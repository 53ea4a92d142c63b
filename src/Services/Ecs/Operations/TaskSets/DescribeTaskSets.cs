using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>The named task sets of a service, or all.</summary>
internal static class DescribeTaskSets
{
    public const int MaximumNamed = 100;

    public static async ValueTask<DescribeTaskSetsResponse> HandleAsync(EcsContext cx, DescribeTaskSetsRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var service = (await TaskSetRules.ServiceAsync(cx, cluster, request.Service, stop)).Value;
        if (request.TaskSets?.Count > MaximumNamed)
        {
            throw new InvalidParameterException($"Task sets can have at most {MaximumNamed} items.");
        }
        var counts = await ServiceRules.CountAsync(cx, service, stop);
        var withTags = request.Include?.Contains("TAGS") is true;
        var ids = request.TaskSets is { Count: > 0 } named
            ? named.Select(r => TaskSetRules.IdOf(cx, service, r)).Distinct(StringComparer.Ordinal) : service.TaskSets.Select(s => s.Id);
        var response = new DescribeTaskSetsResponse { TaskSets = [], Failures = [] };
        foreach (var id in ids)
        {
            if (service.TaskSets.FirstOrDefault(s => s.Id == id) is { } set)
            {
                response.TaskSets.Add(TaskSetShapes.Of(service, set, cluster.Arn, counts, withTags));
            }
            else
            {
                response.Failures.Add(Shapes.Missing(TaskSetRules.ArnOf(cx, service, id)));
            }
        }
        return response;
    }
}
