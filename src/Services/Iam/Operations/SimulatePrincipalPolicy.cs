using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class SimulatePrincipalPolicy
{
    public static async ValueTask<SimulatePolicyResponse> HandleAsync(IamContext cx, SimulatePrincipalPolicyRequest request, CancellationToken stop)
    {
        var source = await PolicySources.FindAsync(cx, request.PolicySourceArn!, stop);
        if (request.PolicyExclusionList is { Count: > 0 })
        {
            throw new InvalidInputException("PolicyExclusionList is not supported.");
        }
        var caller = await CallerAsync(cx, request, source, stop);
        var simulation = new Simulation
        {
            Principal = source with
            {
                Caller = caller,
                Identity = [.. source.Identity, .. Simulation.Input(request.PolicyInputList, nameof(request.PolicyInputList))],
                Boundary = request.PermissionsBoundaryPolicyInputList is { Count: > 0 } bounds
                    ? [.. Simulation.Input(bounds, nameof(request.PermissionsBoundaryPolicyInputList))]
                    : source.Boundary,
            },
            ActionNames = request.ActionNames!,
            ResourceArns = request.ResourceArns,
            ResourcePolicy = request.ResourcePolicy,
            ContextEntries = request.ContextEntries,
            Now = cx.Call.Now,
        };
        return Shapes.ToShape(simulation.Run(), request.Marker, request.MaxItems);
    }

    private static async ValueTask<Caller> CallerAsync(
        IamContext cx, SimulatePrincipalPolicyRequest request, Principal source, CancellationToken stop)
    {
        var caller = request.CallerArn is { } arn && arn != request.PolicySourceArn ? (await PolicySources.FindAsync(cx, arn, stop)).Caller : source.Caller;
        // A group has policies but calls nothing, so no resource's policy can name it.
        var isGroup = caller.Arn.StartsWith(IamAccess.ArnOf(cx, "group/"), StringComparison.Ordinal);
        return isGroup && (request.CallerArn is not null || request.ResourcePolicy is not null) ? throw PolicySources.Invalid(caller.Arn) : caller;
    }
}
