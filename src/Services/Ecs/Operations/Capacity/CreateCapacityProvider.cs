using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// A name for a set of instances. With an Auto Scaling group, which is kept and never scaled, it stands for EC2 capacity; without one,
/// which AWS does not allow, for external capacity.
/// </summary>
internal static class CreateCapacityProvider
{
    public static async ValueTask<CreateCapacityProviderResponse> HandleAsync(
        EcsContext cx, CreateCapacityProviderRequest request, CancellationToken stop)
    {
        CapacityProviderRules.CheckName(request.Name);
        if (request.ManagedInstancesProvider is not null)
        {
            throw new UnsupportedFeatureException("Capacity providers of managed instances are not supported.");
        }
        if (request.Cluster is not null)
        {
            throw new InvalidParameterException("The cluster parameter is for managed instances providers only.");
        }
        if (cx.IsStrict)
        {
            AwsStrict.Provider(request);
        }
        var group = request.AutoScalingGroupProvider;
        if (group is not null)
        {
            if (!Kernel.Arn.TryParse(group.AutoScalingGroupArn, out var arn) || arn.Service != "autoscaling")
            {
                throw new InvalidParameterException("The specified Auto Scaling group ARN is invalid. Specify a valid ARN and try again.");
            }
            CapacityProviderRules.CheckSettings(group.ManagedScaling, group.ManagedTerminationProtection, group.ManagedDraining);
        }
        var provider = new CapacityProviderDocument
        {
            Name = request.Name!,
            Arn = CapacityProviderRules.ArnOf(cx, request.Name!),
            CreatedAt = cx.Now,
            AutoScalingGroup = group is null ? null : CapacityProviderRules.Completed(
                group.AutoScalingGroupArn!, group.ManagedScaling, group.ManagedTerminationProtection, group.ManagedDraining),
            Tags = Shapes.Tags(request.Tags),
        };
        await CheckRoomAsync(cx, provider, stop);
        var commit = new Commit().Create(EcsKinds.CapacityProvider, cx.Scope, provider.Name, provider);
        if (!(await cx.Documents.CommitAsync(commit, stop)).Committed)
        {
            throw new ClientException(
                "The specified capacity provider already exists. To change the configuration of an existing capacity provider, update it.");
        }
        return new CreateCapacityProviderResponse { CapacityProvider = CapacityShapes.Of(provider, withTags: true) };
    }

    private static async ValueTask CheckRoomAsync(EcsContext cx, CapacityProviderDocument provider, CancellationToken stop)
    {
        var others = await cx.Documents.ListAsync(EcsKinds.CapacityProvider, cx.Scope, stop);
        if (provider.AutoScalingGroup is { AutoScalingGroupArn: var arn }
            && others.Any(o => o.Value.Name != provider.Name && o.Value.AutoScalingGroup?.AutoScalingGroupArn == arn))
        {
            throw new ClientException(
                "The specified Auto Scaling group ARN is already being used by another capacity provider. "
                + "Specify a unique Auto Scaling group ARN and try again.");
        }
        if (others.Count >= CapacityProviderRules.MaximumProviders)
        {
            throw new LimitExceededException("The maximum number of capacity providers has been reached.");
        }
    }
}
