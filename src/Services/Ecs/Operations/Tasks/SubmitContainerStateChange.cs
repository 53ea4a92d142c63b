using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>A report about one container; today's agents send it inside the task's instead.</summary>
internal static class SubmitContainerStateChange
{
    public static async ValueTask<SubmitContainerStateChangeResponse> HandleAsync(
        EcsContext cx, SubmitContainerStateChangeRequest request, CancellationToken stop)
    {
        var cluster = EcsNames.Cluster(request.Cluster);
        if (!string.IsNullOrEmpty(request.Task))
        {
            var id = EcsNames.Member(request.Task, "task", cluster);
            if (!await Reporter.EnsureAsync(cx, cx.ClusterScope(cluster), id, nameof(SubmitContainerStateChange), stop))
            {
                return new SubmitContainerStateChangeResponse { Acknowledgment = SubmitTaskStateChange.Acknowledgment };
            }
            var report = new TaskReport
            {
                Containers =
                [
                    new ContainerStateChange
                    {
                        ContainerName = request.ContainerName, Status = request.Status, ExitCode = request.ExitCode,
                        Reason = request.Reason, RuntimeId = request.RuntimeId, NetworkBindings = request.NetworkBindings,
                    },
                ],
            };
            await TaskChange.ApplyAsync(cx.Documents, cx.Turns, cx.ClusterScope(cluster), id, t => TaskReports.Apply(t, report, cx.Now), stop);
        }
        return new SubmitContainerStateChangeResponse { Acknowledgment = SubmitTaskStateChange.Acknowledgment };
    }
}
