using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Runs a command in a container, as far as it goes without a session channel: everything is checked as AWS checks it, and what would open
/// a session answers as AWS does when the container's agent cannot be reached.
/// </summary>
internal static class ExecuteCommand
{
    public static async ValueTask<ExecuteCommandResponse> HandleAsync(EcsContext cx, ExecuteCommandRequest request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.Command))
        {
            throw new InvalidParameterException("Command can not be blank.");
        }
        if (request.Interactive is not true)
        {
            throw new InvalidParameterException("Interactive is the only mode supported currently.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var id = EcsNames.Member(request.Task, "task", cluster.Name);
        var task = (await cx.Documents.GetAsync(EcsKinds.EcsTask, cx.ClusterScope(cluster.Name), id, stop))?.Value;
        if (task is null || task.IsStopped)
        {
            throw new InvalidParameterException("The specified task was not found or is stopped.");
        }
        if (!task.EnableExecuteCommand)
        {
            throw new InvalidParameterException(
                "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t "
                + "running. Wait and try again or run a new task with execute command enabled and try again.");
        }
        if (string.IsNullOrEmpty(request.Container) && task.Containers.Count > 1)
        {
            throw new InvalidParameterException("A container name must be specified for a task that has more than one container.");
        }
        var container = string.IsNullOrEmpty(request.Container)
            ? task.Containers[0]
            : task.Containers.FirstOrDefault(c => c.Name == request.Container)
                ?? throw new InvalidParameterException($"The container {request.Container} was not found in the task.");
        if (!task.IsRunning || container.LastStatus != Rules.TaskStatus.Running)
        {
            throw new TargetNotFoundException("The specified target wasn't found. The container isn't running.");
        }
        throw new TargetNotConnectedException("The execute command failed due to an internal error. Try again later.");
    }
}
