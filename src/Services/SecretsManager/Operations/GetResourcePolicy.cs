using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Operations;

internal static class GetResourcePolicy
{
    public static async ValueTask<GetResourcePolicyResponse> HandleAsync(
        SecretsManagerContext cx, GetResourcePolicyRequest request, CancellationToken stop)
    {
        var secret = (await cx.RequireAsync(request.SecretId, stop)).Value;
        var policy = secret.Policy is null ? null : await cx.Call.Cloud.Principals.ShowAsync(secret.Policy, stop);
        return new GetResourcePolicyResponse { ARN = cx.ArnOf(secret), Name = secret.Name, ResourcePolicy = policy };
    }
}
