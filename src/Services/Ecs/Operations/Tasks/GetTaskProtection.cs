using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class GetTaskProtection
{
    public const int MaximumTasks = 100;

    public static async ValueTask<GetTaskProtectionResponse> HandleAsync(
        EcsContext cx, GetTaskProtectionRequest request, CancellationToken stop)
    {
        if (request.Tasks is not { Count: >= 1 and <= MaximumTasks } references)
        {
            throw new InvalidParameterException("Tasks can not be empty and have at most 100 items.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var response = new GetTaskProtectionResponse { ProtectedTasks = [], Failures = [] };
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            var id = EcsNames.Member(reference, "task", cluster.Name);
            var task = (await cx.Documents.GetAsync(EcsKinds.EcsTask, cx.ClusterScope(cluster.Name), id, stop))?.Value;
            if (TaskProtections.FailureOf(cx.Arn($"task/{cluster.Name}/{id}"), task) is { } failure)
            {
                response.Failures.Add(failure);
            }
            else
            {
                response.ProtectedTasks.Add(TaskProtections.Shape(task!, cx.Now));
            }
        }
        return response;
    }
}

/// <summary>What both protection operations answer alike.</summary>
internal static class TaskProtections
{
    /// <summary>Why the task has no protection to speak of, or null when it may have one.</summary>
    public static Failure? FailureOf(string arn, TaskDocument? task) =>
        task is null ? Shapes.Missing(arn) : task.MayBeProtected ? null : new Failure { Arn = task.Arn, Reason = "TASK_NOT_VALID" };

    public static ProtectedTask Shape(TaskDocument task, DateTimeOffset now) => new()
    {
        TaskArn = task.Arn,
        ProtectionEnabled = task.IsProtected(now),
        ExpirationDate = task.IsProtected(now) ? task.ProtectedUntil : null,
    };
}
