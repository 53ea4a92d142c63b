using Longspan.Api.Iam;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetContextKeysForCustomPolicy
{
    public static ValueTask<GetContextKeysForPolicyResponse> HandleAsync(
        IamContext cx, GetContextKeysForCustomPolicyRequest request, CancellationToken stop)
    {
        var policies = Simulation.Input(request.PolicyInputList, nameof(request.PolicyInputList)).Select(p => p.Policy);
        return ValueTask.FromResult(new GetContextKeysForPolicyResponse { ContextKeyNames = [.. PolicySimulation.KeysOf(policies)] });
    }
}
