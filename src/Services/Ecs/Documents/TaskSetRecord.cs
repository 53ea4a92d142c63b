using System.Text.Json.Serialization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// A task set of a service whose rollouts somebody else controls (deployment controller EXTERNAL). It lives in its service's document, so
/// that a change of the primary one and a change of the desired count each are one write.
/// </summary>
internal sealed record TaskSetRecord
{
    public const string PrimaryStatus = "PRIMARY";
    public const string ActiveStatus = "ACTIVE";
    public const string DrainingStatus = "DRAINING";

    /// <summary>Its id, task definition, age, and how its tasks fare: what a pass of the services needs of a deployment.</summary>
    public required DeploymentRecord Deployment { get; init; }
    public string Status { get; init; } = ActiveStatus;
    public string? ExternalId { get; init; }
    public required string LaunchType { get; init; }
    public string? PlatformVersion { get; init; }
    /// <summary>Percent of the service's desired count.</summary>
    public required double Scale { get; init; }
    /// <summary>What else the caller declared: capacity provider strategy, network, load balancers, registries.</summary>
    [JsonConverter(typeof(ShapeJson<TaskSet>))]
    public required TaskSet Declared { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;
    public bool Steady { get; init; }
    public required DateTimeOffset SteadyChangedAt { get; init; }

    [JsonIgnore]
    public string Id => Deployment.Id;
    [JsonIgnore]
    public bool IsDraining => Status == DrainingStatus;

    public TaskSetRecord WithSteady(bool steady, DateTimeOffset now) =>
        steady == Steady ? this : this with { Steady = steady, SteadyChangedAt = now };

    /// <summary>Aims at another number of tasks from now on.</summary>
    public TaskSetRecord Rescaled(DateTimeOffset now) =>
        this with { Steady = false, SteadyChangedAt = now, Deployment = Deployment with { UpdatedAt = now } };
}
