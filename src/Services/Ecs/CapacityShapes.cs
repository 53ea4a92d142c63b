using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs;

/// <summary>Capacity providers to the wire.</summary>
internal static class CapacityShapes
{
    public static CapacityProvider Of(CapacityProviderDocument provider, bool withTags) => new()
    {
        CapacityProviderArn = provider.Arn,
        Name = provider.Name,
        Status = CapacityProviderDocument.Active,
        AutoScalingGroupProvider = provider.AutoScalingGroup,
        UpdateStatus = provider.UpdateStatus,
        Tags = withTags ? Shapes.Tags(provider.Tags) : [],
        // AWS knows no external type: the member is left out for it.
        Type = provider.AutoScalingGroup is null ? null : "EC2_AUTOSCALING",
    };

    /// <summary>FARGATE and FARGATE_SPOT exist in every account and can't be changed.</summary>
    public static CapacityProvider Predefined(string name, string arn) => new()
    {
        CapacityProviderArn = arn, Name = name, Status = CapacityProviderDocument.Active, Tags = [], Type = name,
    };
}
