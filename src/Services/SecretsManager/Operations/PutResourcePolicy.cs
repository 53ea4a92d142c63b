using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class PutResourcePolicy
{
    public static async ValueTask<PutResourcePolicyResponse> HandleAsync(
        SecretsManagerContext cx, PutResourcePolicyRequest request, CancellationToken stop)
    {
        var policy = ResourcePolicies.Require(request.ResourcePolicy);
        if (request.BlockPublicPolicy == true && ResourcePolicies.IsPublic(policy))
        {
            throw new PublicPolicyException("You can't attach a resource policy that allows broad access to the secret.");
        }
        var secret = await cx.ChangeAsync(request.SecretId, s => s with { Policy = request.ResourcePolicy, ChangedAt = cx.Now }, stop);
        return new PutResourcePolicyResponse { ARN = cx.ArnOf(secret), Name = secret.Name };
    }
}
