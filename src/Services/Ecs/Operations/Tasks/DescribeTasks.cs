using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeTasks
{
    public const int MaximumTasks = 100;

    public static async ValueTask<DescribeTasksResponse> HandleAsync(EcsContext cx, DescribeTasksRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        if (request.Tasks is not { Count: >= 1 and <= MaximumTasks } references)
        {
            throw new InvalidParameterException("Tasks can not be empty and have at most 100 items.");
        }
        var response = new DescribeTasksResponse { Tasks = [], Failures = [] };
        var withTags = request.Include?.Contains("TAGS") is true;
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            var id = EcsNames.Member(reference, "task", cluster.Name);
            if (await cx.Documents.GetAsync(EcsKinds.EcsTask, cx.ClusterScope(cluster.Name), id, stop) is { } task)
            {
                response.Tasks.Add(Shapes.EcsTask(task.Value, cluster.Arn, withTags));
            }
            else
            {
                response.Failures.Add(Shapes.Missing(cx.Arn($"task/{cluster.Name}/{id}")));
            }
        }
        return response;
    }
}
