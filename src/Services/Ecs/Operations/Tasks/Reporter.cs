using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;

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
        var live = await EcsMirror.ReadAsync(cx.Documents, scope, cluster => cluster.Task(taskId), stop);
        if ((live ?? (await cx.Documents.GetAsync(EcsKinds.EcsTask, scope, taskId, stop))?.Value) is not { InstanceId.Length: > 0 } task)
        {
            return false;
        }
        var instance = await EcsMirror.ReadAsync(cx.Documents, scope, cluster => cluster.Node(task.InstanceId)?.Instance.Value, stop);
        return instance?.BelongsTo(caller) is true ? true : throw new AwsError(
            "AccessDeniedException",
            $"User: {caller.Arn} is not authorized to perform: ecs:{operation} on resource: {task.Arn} because the task is on a container "
            + "instance of another identity.");
    }
}
