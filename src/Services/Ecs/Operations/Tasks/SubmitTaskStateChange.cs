using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>An agent's report. Reports of tasks that we no longer keep are acknowledged: refusing them would only make them come again.</summary>
internal static class SubmitTaskStateChange
{
    public const string Acknowledgment = "ACK";

    public static async ValueTask<SubmitTaskStateChangeResponse> HandleAsync(
        EcsContext cx, SubmitTaskStateChangeRequest request, CancellationToken stop)
    {
        var cluster = EcsNames.Cluster(request.Cluster);
        if (!string.IsNullOrEmpty(request.Task) && !string.IsNullOrEmpty(request.Status))
        {
            var id = EcsNames.Member(request.Task, "task", cluster);
            if (!await Reporter.EnsureAsync(cx, cx.ClusterScope(cluster), id, nameof(SubmitTaskStateChange), stop))
            {
                return new SubmitTaskStateChangeResponse { Acknowledgment = Acknowledgment };
            }
            if (request.Status == Rules.TaskStatus.Stopped)
            {
                await Reporter.EnsurePresentAsync(cx, cx.ClusterScope(cluster), id, stop);
            }
            var report = new TaskReport
            {
                Status = request.Status,
                Reason = request.Reason,
                Containers = request.Containers ?? [],
                PullStartedAt = request.PullStartedAt,
                PullStoppedAt = request.PullStoppedAt,
                ExecutionStoppedAt = request.ExecutionStoppedAt,
            };
            await TaskChange.ApplyAsync(cx.Documents, cx.Turns, cx.ClusterScope(cluster), id, t => TaskReports.Apply(t, report, cx.Now), stop);
        }
        return new SubmitTaskStateChangeResponse { Acknowledgment = Acknowledgment };
    }
}
