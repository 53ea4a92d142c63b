using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
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

    /// <summary>
    /// The end of a task is taken only over its node's present connection. A node that is cut off starts a task of a service again in place, and
    /// what it had said of the task's end may still be on the way then, in the node's system or in the network, and arrive when the cut is over:
    /// before the node has connected again, or after, but never in the name of the new connection. The node is told to send it again, which it
    /// does if it still holds.
    /// <para>
    /// Not guaranteed: a node may notice a cut some seconds before we do, and start the task again; if the cut ends just then and the old report
    /// comes before the new connection, it is believed. The task is then replaced, and the node told to stop the one that it has started.
    /// </para>
    /// </summary>
    public static async ValueTask EnsurePresentAsync(EcsContext cx, string scope, string taskId, CancellationToken stop)
    {
        if (cx.Call.NodeConnection is not { } connection
            || (await cx.Documents.GetAsync(EcsKinds.EcsTask, scope, taskId, stop))?.Value is not { InstanceId.Length: > 0, IsStopped: false, WantsRunning: true } task
            || cx.Sessions.IsPresent(SessionRegistry.KeyOf(scope, task.InstanceId), connection)
            || (await cx.Documents.GetAsync(EcsKinds.Instance, scope, task.InstanceId, stop))?.Value is null or { Status: ContainerInstanceDocument.Inactive })
        {
            return;
        }
        throw new ServerException("The end of a task is reported over a connection that is not its node's present one. Send it again.");
    }
}
