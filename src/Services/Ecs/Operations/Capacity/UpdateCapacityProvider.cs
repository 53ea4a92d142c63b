using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Changes the kept settings of an Auto Scaling group's provider; what it leaves out stays.</summary>
internal static class UpdateCapacityProvider
{
    public static async ValueTask<UpdateCapacityProviderResponse> HandleAsync(
        EcsContext cx, UpdateCapacityProviderRequest request, CancellationToken stop)
    {
        var name = CapacityProviderRules.NameOf(request.Name);
        if (CapacityProviderDocument.IsPredefined(name))
        {
            throw new ClientException($"The specified capacity provider '{name}' is reserved and can't be updated.");
        }
        if (request.ManagedInstancesProvider is not null)
        {
            throw new UnsupportedFeatureException("Capacity providers of managed instances are not supported.");
        }
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await CapacityProviderRules.ExistingAsync(cx, name, stop);
            var next = Changed(found.Value, request.AutoScalingGroupProvider);
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.CapacityProvider, found, next), stop)).Committed)
            {
                return new UpdateCapacityProviderResponse { CapacityProvider = CapacityShapes.Of(next, withTags: true) };
            }
        }
        throw EcsContext.Contended();
    }

    private static CapacityProviderDocument Changed(CapacityProviderDocument provider, AutoScalingGroupProviderUpdate? change)
    {
        if (change is null)
        {
            return provider;
        }
        var kept = provider.AutoScalingGroup
            ?? throw new InvalidParameterException("The specified capacity provider has no Auto Scaling group.");
        var scaling = Merged(kept.ManagedScaling, change.ManagedScaling);
        var protection = change.ManagedTerminationProtection ?? kept.ManagedTerminationProtection;
        var draining = change.ManagedDraining ?? kept.ManagedDraining;
        CapacityProviderRules.CheckSettings(scaling, protection, draining);
        return provider with
        {
            AutoScalingGroup = CapacityProviderRules.Completed(kept.AutoScalingGroupArn!, scaling, protection, draining),
            UpdateStatus = "UPDATE_COMPLETE",
        };
    }

    private static ManagedScaling? Merged(ManagedScaling? kept, ManagedScaling? change) => change is null ? kept : new ManagedScaling
    {
        Status = change.Status ?? kept?.Status,
        TargetCapacity = change.TargetCapacity ?? kept?.TargetCapacity,
        MinimumScalingStepSize = change.MinimumScalingStepSize ?? kept?.MinimumScalingStepSize,
        MaximumScalingStepSize = change.MaximumScalingStepSize ?? kept?.MaximumScalingStepSize,
        InstanceWarmupPeriod = change.InstanceWarmupPeriod ?? kept?.InstanceWarmupPeriod,
    };
}
