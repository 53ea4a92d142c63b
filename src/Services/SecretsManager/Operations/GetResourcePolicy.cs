using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Operations;

internal static class GetResourcePolicy
{
    public static async ValueTask<GetResourcePolicyResponse> HandleAsync(
        SecretsManagerContext cx, GetResourcePolicyRequest request, CancellationToken stop)
    {
        var secret = (await cx.RequireAsync(request.SecretId, stop)).Value;
        return new GetResourcePolicyResponse { ARN = cx.ArnOf(secret), Name = secret.Name, ResourcePolicy = secret.Policy };
    }
}
