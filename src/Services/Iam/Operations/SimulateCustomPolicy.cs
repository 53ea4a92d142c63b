using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class SimulateCustomPolicy
{
    public static async ValueTask<SimulatePolicyResponse> HandleAsync(IamContext cx, SimulateCustomPolicyRequest request, CancellationToken stop)
    {
        if (request.OrderedOrganizationPolicyInputList is { Count: > 0 })
        {
            throw new InvalidInputException("There are no organizations here, and so none of their policies.");
        }
        // A resource's policy has to know whom it is asked about.
        if (request.ResourcePolicy is not null && request.CallerArn is null)
        {
            throw new InvalidInputException("CallerArn is required when ResourcePolicy is given.");
        }
        var caller = request.CallerArn is { } arn ? (await PolicySources.FindAsync(cx, arn, stop)).Caller : Caller.Anonymous(cx.AccountId);
        var simulation = new Simulation
        {
            Principal = new Principal(caller)
            {
                UserName = caller.Arn.Contains(":user/", StringComparison.Ordinal) ? caller.Arn[(caller.Arn.LastIndexOf('/') + 1)..] : null,
                Identity = [.. Simulation.Input(request.PolicyInputList, nameof(request.PolicyInputList))],
                Boundary = request.PermissionsBoundaryPolicyInputList is { Count: > 0 } bounds
                    ? [.. Simulation.Input(bounds, nameof(request.PermissionsBoundaryPolicyInputList))]
                    : null,
            },
            ActionNames = request.ActionNames!,
            ResourceArns = request.ResourceArns,
            ResourcePolicy = request.ResourcePolicy,
            ContextEntries = request.ContextEntries,
            Now = cx.Call.Now,
        };
        return Shapes.ToShape(simulation.Run(), request.Marker, request.MaxItems);
    }
}
