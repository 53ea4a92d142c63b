using System.Text.Json.Serialization;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// A capacity provider, kept by name in <c>account/region</c>. Which instances belong to it is not kept here: an instance names its
/// provider in its attribute <see cref="InstanceAttributeName"/>, as it registers or by PutAttributes.
/// </summary>
internal sealed record CapacityProviderDocument
{
    public const string Active = "ACTIVE";
    public const string InstanceAttributeName = "longspan.capacity";
    public const string Fargate = "FARGATE";
    public const string FargateSpot = "FARGATE_SPOT";

    public required string Name { get; init; }
    public required string Arn { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>Kept and returned; this platform scales no Auto Scaling group. Without one the provider stands for external capacity.</summary>
    [JsonConverter(typeof(ShapeJson<AutoScalingGroupProvider>))]
    public AutoScalingGroupProvider? AutoScalingGroup { get; init; }
    public string? UpdateStatus { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;

    [JsonIgnore]
    public string LaunchType => AutoScalingGroup is null ? LaunchTypes.External : LaunchTypes.Ec2;

    public static bool IsPredefined(string name) => name is Fargate or FargateSpot;
}
