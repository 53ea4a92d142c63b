using Longspan.Api.Iam;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetContextKeysForPrincipalPolicy
{
    public static async ValueTask<GetContextKeysForPolicyResponse> HandleAsync(
        IamContext cx, GetContextKeysForPrincipalPolicyRequest request, CancellationToken stop)
    {
        var source = await PolicySources.FindAsync(cx, request.PolicySourceArn!, stop);
        var policies = source.Identity.Concat(Simulation.Input(request.PolicyInputList, nameof(request.PolicyInputList))).Select(p => p.Policy);
        return new GetContextKeysForPolicyResponse { ContextKeyNames = [.. PolicySimulation.KeysOf(policies)] };
    }
}
