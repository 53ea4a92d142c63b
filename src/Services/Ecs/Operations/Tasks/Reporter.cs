using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Who may report a task's state: the identity that registered the instance on which the task is, which for external machines is the role
/// session that SSM gave to that machine; and the account's administrator. Not another node, and not a container with its task's role.
/// </summary>
internal static class Reporter
{
    /// <summary>False when there is nobody who could know: no such task, or it has no instance yet.</summary>
    public static async ValueTask<bool> EnsureAsync(EcsContext cx, string scope, string taskId, string operation, CancellationToken stop)
    {
        var caller = cx.Call.Caller;
        if (caller.IsAdministrator)
        {
            return true;
        }
        if ((await cx.Documents.GetAsync(EcsKinds.EcsTask, scope, taskId, stop))?.Value is not { InstanceId.Length: > 0 } task)
        {
            return false;
        }
        var instance = await cx.Documents.GetAsync(EcsKinds.Instance, scope, task.InstanceId, stop);
        return instance?.Value.BelongsTo(caller) is true ? true : throw new AwsError(
            "AccessDeniedException",
            $"User: {caller.Arn} is not authorized to perform: ecs:{operation} on resource: {task.Arn} because the task is on a container "
            + "instance of another identity.");
    }
}
