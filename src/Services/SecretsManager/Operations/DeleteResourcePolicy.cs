using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Operations;

internal static class DeleteResourcePolicy
{
    public static async ValueTask<DeleteResourcePolicyResponse> HandleAsync(
        SecretsManagerContext cx, DeleteResourcePolicyRequest request, CancellationToken stop)
    {
        var secret = await cx.ChangeAsync(request.SecretId, s => s with { Policy = null, ChangedAt = cx.Now }, stop);
        return new DeleteResourcePolicyResponse { ARN = cx.ArnOf(secret), Name = secret.Name };
    }
}
