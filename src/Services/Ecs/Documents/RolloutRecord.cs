using System.Text.Json.Serialization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// One rollout in a service's history: what ECS calls a service deployment, and the service revision that it brought. A rollback belongs to
/// the rollout that it undoes.
/// </summary>
internal sealed record RolloutRecord
{
    public const string InProgress = "IN_PROGRESS";
    public const string Successful = "SUCCESSFUL";
    public const string Stopped = "STOPPED";
    public const string RollbackInProgress = "ROLLBACK_IN_PROGRESS";
    public const string RollbackSuccessful = "ROLLBACK_SUCCESSFUL";
    public const string RollbackFailed = "ROLLBACK_FAILED";

    /// <summary>Names the service deployment and its revision in their ARNs.</summary>
    public required string Id { get; init; }
    public required string DeploymentId { get; init; }
    public required string TaskDefinitionArn { get; init; }
    public required string LaunchType { get; init; }
    public string? PlatformVersion { get; init; }
    /// <summary>The service's settings as they were when it began.</summary>
    [JsonConverter(typeof(ShapeJson<Service>))]
    public required Service Declared { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public string Status { get; init; } = InProgress;
    public string? StatusReason { get; init; }
    /// <summary>The revision that it replaces.</summary>
    public string? SourceId { get; init; }
    public int FailedTasks { get; init; }
    public string? RollbackDeploymentId { get; init; }
    /// <summary>The revision that the rollback returns to.</summary>
    public string? RollbackTargetId { get; init; }
    public string? RollbackReason { get; init; }
    public DateTimeOffset? RollbackStartedAt { get; init; }

    [JsonIgnore]
    public bool IsOver => Status is not (InProgress or RollbackInProgress);
    /// <summary>The revision that the service had when this was over.</summary>
    [JsonIgnore]
    public string? OutcomeId => RollbackDeploymentId is null ? Id : RollbackTargetId;
}
