using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class RestoreSecret
{
    public static async ValueTask<RestoreSecretResponse> HandleAsync(
        SecretsManagerContext cx, RestoreSecretRequest request, CancellationToken stop)
    {
        var secret = await cx.ChangeAsync(
            () => cx.RequireAnyAsync(request.SecretId, stop),
            read =>
            {
                var changed = read.Value with { Deletion = null };
                return ValueTask.FromResult<(SecretDocument, Commit?)>(
                    (changed, read.Value.Deletion is null ? null : new Commit().Update(SecretsManagerKinds.Secrets, read, changed)));
            },
            stop);
        return new RestoreSecretResponse { ARN = cx.ArnOf(secret), Name = secret.Name };
    }
}
