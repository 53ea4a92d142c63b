using System.Text.Json.Serialization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// An ECS service: what should run, and how far the rollouts have come. Counts of tasks are not in it; they are counted from the
/// tasks, so they cannot drift.
/// </summary>
internal sealed record ServiceDocument
{
    public const string Active = "ACTIVE";
    public const string Draining = "DRAINING";
    public const string Inactive = "INACTIVE";
    public const int MaximumEvents = 100;
    public const string ReplicaStrategy = "REPLICA";
    public const string DaemonStrategy = "DAEMON";
    public const string ExternalController = "EXTERNAL";
    public const string RebalancingEnabled = "ENABLED";
    /// <summary>What holds for a while is not said again sooner than this.</summary>
    public static readonly TimeSpan ConditionWindow = TimeSpan.FromMinutes(15);

    public required string Name { get; init; }
    public required string Arn { get; init; }
    public required string ClusterName { get; init; }
    public string Status { get; init; } = Active;
    public required int DesiredCount { get; init; }
    public required string LaunchType { get; init; }
    public string? PlatformVersion { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public string? CreatedBy { get; init; }
    /// <summary>The settings that the caller declared: percentages, network, placement, load balancers and so on.</summary>
    [JsonConverter(typeof(ShapeJson<Service>))]
    public required Service Declared { get; init; }
    /// <summary>The primary deployment first. None when the service has task sets.</summary>
    public required IReadOnlyList<DeploymentRecord> Deployments { get; init; }
    /// <summary>The newest first. Only with the deployment controller EXTERNAL.</summary>
    // The reader leaves null, not the default, for what an earlier release did not write.
    public IReadOnlyList<TaskSetRecord> TaskSets { get; init => field = value ?? []; } = [];
    /// <summary>Its latest rollouts, the newest first.</summary>
    public IReadOnlyList<RolloutRecord> History { get; init => field = value ?? []; } = [];
    public IReadOnlyList<ServiceEventRecord> Events { get; init; } = [];
    /// <summary>The last pass found nothing to do. Kept to tell the moment at which that becomes true.</summary>
    public bool Steady { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;
    public string? ClientToken { get; init; }
    /// <summary>Digest of the request that made it, by which a repeat is told from another service of the same name.</summary>
    public string? CreationHash { get; init; }

    [JsonIgnore]
    public DeploymentRecord Primary => Deployments[0];
    /// <summary>Somebody else controls its rollouts: it runs what its task sets say, and has no deployments of its own.</summary>
    [JsonIgnore]
    public bool HasTaskSets => Declared.DeploymentController?.Type == ExternalController;
    [JsonIgnore]
    public TaskSetRecord? PrimaryTaskSet => TaskSets.FirstOrDefault(s => s.Status == TaskSetRecord.PrimaryStatus);
    /// <summary>One task on every fitting instance, instead of a number of tasks.</summary>
    [JsonIgnore]
    public bool IsDaemon => Declared.SchedulingStrategy == DaemonStrategy;
    [JsonIgnore]
    public int MinimumHealthyPercent => Declared.DeploymentConfiguration?.MinimumHealthyPercent ?? (IsDaemon ? 0 : 100);
    [JsonIgnore]
    public int MaximumPercent => Declared.DeploymentConfiguration?.MaximumPercent ?? (IsDaemon ? 100 : 200);
    [JsonIgnore]
    public bool HasCircuitBreaker => Declared.DeploymentConfiguration?.DeploymentCircuitBreaker?.Enable ?? false;
    [JsonIgnore]
    public bool RollsBack => Declared.DeploymentConfiguration?.DeploymentCircuitBreaker?.Rollback ?? false;

    /// <summary>Adds an event of something that happened, newest first.</summary>
    public ServiceDocument WithEvent(string id, string message, DateTimeOffset now, string? taskSetId = null) =>
        this with { Events = [new ServiceEventRecord(id, now, Text(message, taskSetId)), .. Events.Take(MaximumEvents - 1)] };

    /// <summary>
    /// Adds an event of something that holds, such as a task that finds no place, unless that was said a short while ago. Every event wakes
    /// the pass that wrote it, so without this two of them in one pass would take turns for ever.
    /// </summary>
    public ServiceDocument WithCondition(string id, string message, DateTimeOffset now, string? taskSetId = null) =>
        Events.TakeWhile(e => now - e.CreatedAt < ConditionWindow).Any(e => e.Message == Text(message, taskSetId))
            ? this : WithEvent(id, message, now, taskSetId);

    private string Text(string message, string? taskSetId) =>
        taskSetId is null ? $"(service {Name}) {message}" : $"(service {Name}, taskSet {taskSetId}) {message}";

    public ServiceDocument WithDeployment(string id, Func<DeploymentRecord, DeploymentRecord> change) =>
        this with { Deployments = [.. Deployments.Select(d => d.Id == id ? change(d) : d)] };

    /// <summary>Starts a rollout: the new deployment becomes primary, the former ones drain.</summary>
    public ServiceDocument WithNewDeployment(DeploymentRecord deployment) => this with
    {
        Deployments = [deployment, .. Deployments.Select(d => d with { Status = DeploymentRecord.ActiveStatus })],
    };
}

internal sealed record DeploymentRecord
{
    public const string PrimaryStatus = "PRIMARY";
    public const string ActiveStatus = "ACTIVE";
    public const string InProgress = "IN_PROGRESS";
    public const string Completed = "COMPLETED";
    public const string Failed = "FAILED";

    public required string Id { get; init; }
    public string Status { get; init; } = PrimaryStatus;
    public required string TaskDefinitionArn { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public string RolloutState { get; init; } = InProgress;
    public string? RolloutStateReason { get; init; }
    public int FailedTasks { get; init; }
    /// <summary>Failures since the last success: what the pause before the next attempt grows with.</summary>
    public int ConsecutiveFailures { get; init; }
    public DateTimeOffset? LastFailureAt { get; init; }
    /// <summary>By container: what the first task ran, and all further ones are to run. Empty until that is known.</summary>
    public IReadOnlyDictionary<string, string> ImageDigests { get; init => field = value ?? TagSet.Empty; } = TagSet.Empty;
    /// <summary>It reached its full count once, so it is what a rollback may return to.</summary>
    public bool WasCompleted { get; init; }
    /// <summary>The deployment that this one undoes.</summary>
    public string? RollbackOf { get; init; }
    /// <summary>With <see cref="RollbackOf"/>: the revision that it returns to.</summary>
    public string? RollbackTo { get; init; }
}

internal sealed record ServiceEventRecord(string Id, DateTimeOffset CreatedAt, string Message);
