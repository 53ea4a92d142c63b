using Longspan.Api.SecretsManager;
using Longspan.Kernel.Access.Policies;
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
        var (bound, unknown) = await cx.Call.Cloud.Principals.BindAsync(request.ResourcePolicy!, PolicyUse.Resource, stop);
        if (unknown is not null)
        {
            throw new MalformedPolicyDocumentException("This resource policy contains an unsupported principal.");
        }
        var secret = await cx.ChangeAsync(request.SecretId, s => s with { Policy = bound, ChangedAt = cx.Now }, stop);
        return new PutResourcePolicyResponse { ARN = cx.ArnOf(secret), Name = secret.Name };
    }
}
