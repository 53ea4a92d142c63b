using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class PutKeyPolicy
{
    public static async ValueTask<PutKeyPolicyResponse> HandleAsync(KmsContext cx, PutKeyPolicyRequest request, CancellationToken stop)
    {
        KeyPolicies.CheckName(request.PolicyName);
        var policy = await KeyPolicies.ReadAsync(
            cx, request.Policy ?? "", cx.KeyArn(KeyReference.ReadKeyId(cx.Call, request.KeyId)), request.BypassPolicyLockoutSafetyCheck == true, stop);
        await Keys.ChangeAsync(
            cx, request.KeyId, nameof(PutKeyPolicy),
            key =>
            {
                Keys.CheckNotPending(cx, key);
                return key with { Policy = policy };
            },
            stop);
        return new PutKeyPolicyResponse();
    }
}
