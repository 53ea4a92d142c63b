using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class GetKeyPolicy
{
    public static async ValueTask<GetKeyPolicyResponse> HandleAsync(KmsContext cx, GetKeyPolicyRequest request, CancellationToken stop)
    {
        KeyPolicies.CheckName(request.PolicyName);
        var key = await Keys.RequireByIdAsync(cx, request.KeyId, stop);
        return new GetKeyPolicyResponse { Policy = await cx.Call.Cloud.Principals.ShowAsync(key.Value.Policy, stop), PolicyName = KeyPolicies.Name };
    }
}
