using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class StopTask
{
    public static async ValueTask<StopTaskResponse> HandleAsync(EcsContext cx, StopTaskRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var id = EcsNames.Member(request.Task, "task", cluster.Name);
        var reason = string.IsNullOrEmpty(request.Reason) ? "Task stopped by user" : request.Reason;
        if (reason.Length > 1024)
        {
            throw new InvalidParameterException("Reason can have at most 1024 characters.");
        }
        var task = await TaskChange.ApplyAsync(cx.Documents, cx.Turns, cx.ClusterScope(cluster.Name), id,
            t => t.WithStopRequested(StopCodes.UserInitiated, reason, cx.Now), stop)
            ?? throw new InvalidParameterException("The referenced task was not found.");
        return new StopTaskResponse { Task = Shapes.EcsTask(task, cluster.Arn, withTags: true) };
    }
}
