using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>The pass of a daemon service. Its desired count is no wish but what the cluster has, so the pass writes it.</summary>
internal sealed partial class ServicePass
{
    private async ValueTask<PassOutcome> DaemonAsync(Commit commit, List<TaskDocument> live, CancellationToken stop)
    {
        _wantsCapacity = true;
        var template = await TemplateAsync(stop);
        if (template is not { } ready)
        {
            return await CommitAsync(commit, stop) ? new PassOutcome(_next, false, true) : PassOutcome.Lost;
        }
        var capacity = await ClusterCapacity.LoadAsync(cloud.Documents, scope, stop);
        var decision = DaemonPlan.Next(DaemonStateOf(Pool(ready.Request, capacity), live));
        if (_service.DesiredCount != decision.DesiredCount)
        {
            _service = _service with { DesiredCount = decision.DesiredCount };
        }
        PlacementDecision? refused = null;
        foreach (var id in decision.Start.TakeWhile(_ => capacity.Planned.Count < RoomIn(commit)))
        {
            if (capacity.RefusalOf(id, ready.Request) is { } refusal)
            {
                refused ??= new PlacementDecision(null, refusal, id);
            }
            else
            {
                capacity.PlanOn(id, ready.Template, ready.Request, Now);
            }
        }
        if (refused is { } place)
        {
            // One event for a pass: several that take turns as the newest would each count as news, and wake the next pass.
            AddEvent(ServiceStarts.Explain(capacity, ready.Template, place));
        }
        return await FinishAsync(commit, new RolloutDecision(decision.Start.Count, decision.Stop, decision.Complete),
            capacity.Planned.Count > 0 ? capacity : null, live, stop);
    }

    // The daemon's own task is left out of what the constraints see: runningTasksCount == 0 must not throw it off its own node.
    private List<DaemonNode> Pool(PlacementRequest request, ClusterCapacity capacity)
    {
        var nodes = new List<DaemonNode>();
        foreach (var instance in capacity.Pool(_service.LaunchType))
        {
            var seen = capacity.View(instance.Id)!;
            var node = seen.Without(request.Group);
            var others = seen.TaskCount > seen.TasksByGroup.Where(g => daemonGroups.Contains(g.Key)).Sum(g => g.Value);
            nodes.Add(new DaemonNode(instance.Id, instance.Status switch
            {
                ContainerInstanceDocument.Draining => others ? DaemonNodeState.Leaving : DaemonNodeState.Unfit,
                _ when Placement.Misfit(node, request) is not null => DaemonNodeState.Unfit,
                _ => instance.AgentConnected ? DaemonNodeState.Eligible : DaemonNodeState.Unreachable,
            }));
        }
        return nodes;
    }

    private DaemonState DaemonStateOf(List<DaemonNode> nodes, List<TaskDocument> live)
    {
        var rollout = StateOf(live);
        return new DaemonState
        {
            Nodes = nodes,
            Tasks = [.. live.Zip(rollout.Tasks, (task, seen) =>
                new DaemonTask(seen with { DeploymentId = task.DeploymentId ?? "" }, task.InstanceId, !task.WantsRunning))],
            MinimumHealthyPercent = rollout.MinimumHealthyPercent,
            PrimaryId = rollout.PrimaryId,
            StartsBlocked = rollout.StartsBlocked,
        };
    }
}
