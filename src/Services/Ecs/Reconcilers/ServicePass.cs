using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Operations;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>
/// One look at one service. It works on what was read, commits what follows with the revisions it relied on, and ends; whatever it could
/// not finish is the next pass's work.
/// </summary>
internal sealed partial class ServicePass(
    Cloud cloud, Turns turns, string scope, Document<ServiceDocument> read, IReadOnlyList<Document<TaskDocument>> tasks,
    IReadOnlyList<ContainerInstanceDocument> instances, IReadOnlySet<string> daemonGroups, DateTimeOffset serverStarted, string? taskSetId = null)
{
    /// <summary>Starts in one commit, each a task and an assignment. Fewer when the commit has much else to write.</summary>
    public const int MaximumStarts = 450;
    /// <summary>A pass that has more to start goes on with its plan in further commits. The cluster's other services wait for it.</summary>
    public const int MaximumCommits = 4;
    public const int MaximumAccounted = 200;
    private const int FailuresWorthAnEvent = 2;
    private const string Draining = "draining";

    private readonly HashSet<string> _leaving =
        [.. instances.Where(i => i.Status != ContainerInstanceDocument.Active).Select(i => i.Id)];
    // As it was read, or as the pass's last commit has written it.
    private Document<ServiceDocument> _read = read;
    private long _committed;
    private TaskSetView _view = new(read.Value, taskSetId);
    private ServiceDocument _service = new TaskSetView(read.Value, taskSetId).Service;
    // No task of it is left.
    private bool _ended;
    private TimeSpan? _next;
    private bool _wantsCapacity;

    private DateTimeOffset Now { get; } = cloud.Clock.GetUtcNow();

    public async ValueTask<PassOutcome> RunAsync(CancellationToken stop)
    {
        var commit = new Commit();
        Account(commit);
        if (_view.IsEnding)
        {
            return await DrainAsync(commit, stop);
        }
        _service = ServiceHistory.Recorded(_service, Now);
        // Live tasks are seen here without their containers.
        if (ImagePins.Candidate(_service, tasks.Select(t => t.Value)) is { } first
            && await cloud.Documents.GetAsync(EcsKinds.EcsTask, scope, first, stop) is { } task)
        {
            _service = ImagePins.Noted(_service, task.Value);
        }
        BreakCircuit();
        await HearAlarmsAsync(stop);
        SayIfFailing();
        var live = tasks.Select(t => t.Value).Where(t => !t.IsStopped).ToList();
        if (_service.IsDaemon)
        {
            return await DaemonAsync(commit, live, stop);
        }
        live = await PresentAsync(commit, live, stop);
        _strategy = await StrategyAsync(stop);
        _moving = await MovingAsync(live, stop) ?? await MovingByZoneAsync(live, stop);
        // A task that waits for capacity stands for a missing one: the rollout looks at those that have a place.
        var state = StateOf([.. live.Where(t => t.WantsRunning && !t.IsWaiting)]);
        var decision = DeploymentPlan.Next(state);
        ClusterCapacity? capacity = null;
        if (decision.Start > 0)
        {
            capacity = await PlaceAsync(Math.Min(decision.Start, RoomIn(commit)), live, stop);
            // Nothing is given up for a task that only moves.
            if (capacity is { Planned.Count: 0 } && _moving is null)
            {
                // No room: the rollout may give up old tasks to make some, as far as the minimum allows.
                decision = DeploymentPlan.Next(state with { NoCapacity = true });
            }
        }
        decision = decision with { Stop = [.. decision.Stop, .. _reunion?.Stop ?? [], .. NeedlessWaits(state, live)] };
        return await FinishAsync(commit, decision, capacity, live, stop);
    }

    private async ValueTask<PassOutcome> FinishAsync(
        Commit commit, RolloutDecision decision, ClusterCapacity? capacity, List<TaskDocument> live, CancellationToken stop)
    {
        Progress(decision, live);
        Settle(decision, live);
        capacity?.AddTo(commit);
        AddStarted(capacity);
        if (decision.Stop.Count > 0)
        {
            AddEvent($"has stopped {decision.Stop.Count} running tasks: {Names(decision.Stop.Select(s => s.TaskId))}.");
        }
        if (decision.Held > 0)
        {
            AddEvent($"(deployment {_service.Primary.Id}) is held from a steady state by {decision.Held} protected tasks.");
        }
        if (!await CommitAsync(commit, stop))
        {
            return PassOutcome.Lost;
        }
        await StopAsync(decision.Stop, stop);
        var started = capacity?.Planned.Count ?? 0;
        return started > 0 && !await PlaceRestAsync(decision.Start - started, capacity!, stop)
            ? PassOutcome.Lost : new PassOutcome(_next, false, _wantsCapacity, Acted: started + decision.Stop.Count > 0);
    }

    // The service itself is written too.
    private static int RoomIn(Commit commit) => Math.Min(MaximumStarts, (Commit.MaximumWrites - commit.Count - 1) / 2);

    private static string Names(IEnumerable<string> ids) => string.Join(' ', ids.Take(10).Select(id => $"(task {id})"));

    // A text with ids in it is told once even when two owners' passes find it; a condition, when it begins to hold.
    private void AddEvent(string message) => _service = _service.WithCondition(Ids.Uuid(), message, Now, _view.TaskSetId);

    private void AddNews(string message) => _service = _service.WithEvent(Ids.Uuid(), message, Now, _view.TaskSetId);

    private void LookAgainIn(TimeSpan delay) => _next = _next is null || delay < _next ? delay : _next;

    private async ValueTask<bool> CommitAsync(Commit commit, CancellationToken stop)
    {
        _service = ServiceHistory.Recorded(_service, Now);
        var next = _ended ? _view.Ended(_service) : _view.Folded(_service, _service.Steady, Now);
        var changed = !ReferenceEquals(next, _read.Value);
        if (changed)
        {
            commit.Update(EcsKinds.Service, _read, next);
        }
        else if (!commit.IsEmpty)
        {
            commit.Expect(_read);
        }
        if (commit.IsEmpty)
        {
            return true;
        }
        var result = await cloud.Documents.CommitAsync(commit, stop);
        if (result.Committed)
        {
            _committed = result.Revision;
            _read = changed ? _read with { Revision = result.Revision, Value = next } : _read;
        }
        return result.Committed;
    }

    // Every task that ended is counted once, in the commit that marks it as counted.
    private void Account(Commit commit)
    {
        foreach (var task in tasks.Where(t => t.Value is { IsStopped: true, Accounted: false }).Take(MaximumAccounted))
        {
            commit.Update(EcsKinds.EcsTask, task, task.Value with { Accounted = true });
            if (task.Value.DeploymentId is { } deployment && IsFailure(task.Value))
            {
                _service = _service.WithDeployment(deployment, d => d with
                {
                    FailedTasks = d.FailedTasks + 1,
                    ConsecutiveFailures = d.ConsecutiveFailures + 1,
                    LastFailureAt = Now,
                    UpdatedAt = Now,
                });
            }
        }
    }

    // Asked to stop is no failure, except by its health check.
    private static bool IsFailure(TaskDocument task) => task.StopCode switch
    {
        StopCodes.FailedToStart => true,
        StopCodes.EssentialContainerExited => task.StoppedAt - task.StartedAt < DeploymentFailures.ShortLife,
        StopCodes.ServiceScheduler => task.StoppedReason == DeploymentPlan.FailedHealthCheck,
        _ => false,
    };

    private void BreakCircuit()
    {
        var primary = _service.Primary;
        if (!_service.HasCircuitBreaker || primary.RolloutState != DeploymentRecord.InProgress
            || primary.FailedTasks < DeploymentFailures.BreakerThreshold(_service.DesiredCount))
        {
            return;
        }
        Fail("tasks failed to start.", "ECS deployment circuit breaker", _service.RollsBack);
    }

    private void Fail(string what, string cause, bool rollsBack)
    {
        var primary = _service.Primary;
        _service = _service.WithDeployment(primary.Id, d => d with
        {
            RolloutState = DeploymentRecord.Failed,
            RolloutStateReason = $"{cause}: {what}",
            UpdatedAt = Now,
        });
        AddEvent($"(deployment {primary.Id}) deployment failed: {what}");
        // A rollback that fails is not rolled back in its turn.
        if (rollsBack && primary.RollbackOf is null && ServiceHistory.RollbackTarget(_service) is { } former)
        {
            AddNews($"rolling back to deployment {former.DeploymentId}.");
            _service = ServiceRules.WithRollback(_service, former, cause, Now);
        }
    }

    private void SayIfFailing()
    {
        if (_service.Primary.ConsecutiveFailures >= FailuresWorthAnEvent
            && _service.Primary.ConsecutiveFailures != _view.Service.Primary.ConsecutiveFailures)
        {
            var last = tasks.Select(t => t.Value).Where(t => t.DeploymentId == _service.Primary.Id && t.IsStopped && IsFailure(t))
                .MaxBy(t => t.StoppedAt);
            AddEvent($"is unable to consistently start tasks successfully. Last: (task {last?.Id}) {last?.StoppedReason}");
        }
    }

    private RolloutState StateOf(IReadOnlyList<TaskDocument> running)
    {
        var primary = _service.Primary;
        var pause = primary.LastFailureAt is { } failed
            ? DeploymentFailures.Pause(primary.ConsecutiveFailures) - (Now - failed) : TimeSpan.Zero;
        if (pause > TimeSpan.Zero)
        {
            LookAgainIn(pause);
        }
        var order = InOrder(running).Select((t, i) => (t.Id, i)).ToDictionary(StringComparer.Ordinal);
        return new RolloutState
        {
            DesiredCount = _service.DesiredCount,
            MinimumHealthyPercent = _service.MinimumHealthyPercent,
            MaximumPercent = _service.MaximumPercent,
            PrimaryId = primary.Id,
            StartsBlocked = pause > TimeSpan.Zero || primary.RolloutState == DeploymentRecord.Failed,
            Tasks = [.. running.Select(t => new RolloutTask(
                // A task on a node that is being drained is replaced like one of an old deployment: a new one first, within the limits.
                t.Id, _leaving.Contains(t.InstanceId) || t.Id == _moving ? Draining : t.DeploymentId ?? "", t.IsHealthy, IsSettled(t),
                t.IsRunning && t.HasHealthCheck && t.HealthStatus == "UNHEALTHY", order[t.Id], IsProtected(t)))],
        };
    }

    // Whether the end of the protection matters is for the pass to decide that sees it.
    private bool IsProtected(TaskDocument task)
    {
        if (!task.IsProtected(Now))
        {
            return false;
        }
        LookAgainIn(task.ProtectedUntil!.Value - Now);
        return true;
    }

    // Without a health check, running for a moment is all that tells a working container from one that is about to crash.
    private bool IsSettled(TaskDocument task)
    {
        if (!task.IsHealthy || task.HasHealthCheck)
        {
            return task.IsHealthy;
        }
        var left = DeploymentFailures.Settling - (Now - (task.StartedAt ?? Now));
        if (left > TimeSpan.Zero)
        {
            LookAgainIn(left);
        }
        return left <= TimeSpan.Zero;
    }

    private async ValueTask<(TaskTemplate Template, PlacementRequest Request)?> TemplateAsync(CancellationToken stop)
    {
        var (family, revision) = EcsNames.TaskDefinition(_service.Primary.TaskDefinitionArn);
        var definition = await DefinitionCache.GetAsync(cloud.Documents, CallScope.Of(scope).DocumentScope, family, revision ?? 0, stop);
        if (definition is null)
        {
            AddEvent("was unable to start a task because its task definition does not exist.");
            return null;
        }
        var template = TemplateOf(definition.Value) with { Capacity = _strategy };
        try
        {
            return (template, template.Request());
        }
        catch (InvalidParameterException refusal)
        {
            // Accepted by an earlier release. It must not hold up the cluster's other services.
            AddEvent($"was unable to place a task. Reason: {refusal.Message}");
            return null;
        }
    }

    private TaskTemplate TemplateOf(TaskDefinitionDocument definition) => new()
    {
        Definition = definition,
        ClusterName = _service.ClusterName,
        LaunchType = _service.LaunchType,
        PlatformVersion = _service.PlatformVersion,
        Group = "service:" + _service.Name,
        StartedBy = _service.Primary.Id,
        ServiceName = _service.Name,
        DeploymentId = _service.Primary.Id,
        ImageDigests = _service.Primary.ImageDigests,
        Network = _service.Declared.NetworkConfiguration?.AwsvpcConfiguration,
        EnableExecuteCommand = _service.Declared.EnableExecuteCommand ?? false,
        Tags = TaskChecks.Tags(null, _service.Declared.PropagateTags, definition, _service,
            _service.Declared.EnableECSManagedTags is true ? _service.ClusterName : null),
        Constraints = _service.Declared.PlacementConstraints ?? [],
        Strategy = _service.Declared.PlacementStrategy is { Count: > 0 } strategy ? strategy : IsRebalanced ? ZoneRules.Spread(ZoneAttribute) : [],
        Zone = _movingTo is null ? null : (ZoneAttribute, _movingTo),
    };

    // What the outcome means for the deployments: which are over, and whether the primary one is complete.
    private void Progress(RolloutDecision decision, List<TaskDocument> live)
    {
        var kept = _service.Deployments.Where((d, i) => i == 0 || live.Any(t => t.DeploymentId == d.Id && t.WantsRunning)).ToList();
        if (kept.Count < _service.Deployments.Count)
        {
            _service = _service with { Deployments = kept };
        }
        var primary = _service.Primary;
        if (!decision.Complete)
        {
            return;
        }
        if (primary.RolloutState == DeploymentRecord.InProgress && kept.Count == 1)
        {
            _service = _service.WithDeployment(primary.Id, d => d with
            {
                RolloutState = DeploymentRecord.Completed,
                RolloutStateReason = $"ECS deployment {primary.Id} completed.",
                WasCompleted = true,
                UpdatedAt = Now,
            });
            if (!_view.IsTaskSet)
            {
                AddEvent($"(deployment {primary.Id}) deployment completed.");
            }
        }
        if (primary.ConsecutiveFailures > 0)
        {
            Recover(primary, live);
        }
    }

    // Failures are forgiven when every task has lived longer than a failed start does.
    private void Recover(DeploymentRecord primary, List<TaskDocument> live)
    {
        var youngest = live.Where(t => t.WantsRunning).Select(t => Now - (t.StartedAt ?? Now)).DefaultIfEmpty(TimeSpan.MaxValue).Min();
        if (youngest < DeploymentFailures.ShortLife)
        {
            LookAgainIn(DeploymentFailures.ShortLife - youngest);
            return;
        }
        _service = _service.WithDeployment(primary.Id, d => d with { ConsecutiveFailures = 0, LastFailureAt = null });
    }

    // Told at the moment at which it becomes true: after a rollout, after scaling, after a task was replaced.
    private void Settle(RolloutDecision decision, List<TaskDocument> live)
    {
        var steady = decision.Complete && _service.Primary.ConsecutiveFailures == 0;
        if (_view.IsTaskSet)
        {
            var own = live.Where(t => t.WantsRunning && t.LostAt is null).ToList();
            steady = steady && TaskSetPlan.IsSteady(_service.DesiredCount, own.Count(t => t.IsHealthy), own.Count(t => !t.IsRunning),
                own.Count(t => _leaving.Contains(t.InstanceId)));
        }
        if (steady && !(_view.IsTaskSet ? _view.WasSteady : _service.Steady))
        {
            AddNews("has reached a steady state.");
        }
        if (_service.Steady != steady)
        {
            _service = _service with { Steady = steady };
        }
    }

    private string Mover => _view.TaskSetId is { } set ? $"taskSet {set}"
        : _service.Deployments.Count > 0 ? $"deployment {_service.Primary.Id}" : $"service {_service.Name}";

    private async ValueTask StopAsync(IReadOnlyList<(string TaskId, string Reason)> stops, CancellationToken stop)
    {
        foreach (var (id, reason) in stops)
        {
            var text = reason is DeploymentPlan.FailedHealthCheck or DisconnectPlan.OriginalLeaves or DisconnectPlan.ReplacementLeaves
                ? reason : $"Scaling activity initiated by ({Mover})";
            await TaskChange.ApplyAsync(
                cloud.Documents, turns, scope, id, t => t.WithStopRequested(StopCodes.ServiceScheduler, text, Now), stop);
        }
    }

    private async ValueTask<PassOutcome> DrainAsync(Commit commit, CancellationToken stop)
    {
        var live = tasks.Select(t => t.Value).Where(t => !t.IsStopped).ToList();
        _ended = live.Count == 0;
        if (!await CommitAsync(commit, stop))
        {
            return PassOutcome.Lost;
        }
        await StopAsync([.. live.Where(t => t.WantsRunning).Select(t => (t.Id, DeploymentPlan.ScaledIn))], stop);
        return new PassOutcome(_next, false, _wantsCapacity);
    }
}
