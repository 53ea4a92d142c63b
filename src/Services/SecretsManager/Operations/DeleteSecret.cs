using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class DeleteSecret
{
    private const int ShortestWindow = 7;
    private const int LongestWindow = 30;

    public static async ValueTask<DeleteSecretResponse> HandleAsync(
        SecretsManagerContext cx, DeleteSecretRequest request, CancellationToken stop)
    {
        var force = request.ForceDeleteWithoutRecovery == true;
        if (force && request.RecoveryWindowInDays is not null)
        {
            throw new InvalidParameterException("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
        }
        if (request.RecoveryWindowInDays is < ShortestWindow or > LongestWindow)
        {
            throw new InvalidParameterException(
                $"The RecoveryWindowInDays value must be between {ShortestWindow} and {LongestWindow} days (inclusive).");
        }
        if (force)
        {
            return await DeleteNowAsync(cx, request.SecretId, stop);
        }
        var ends = cx.Now.AddDays(request.RecoveryWindowInDays ?? LongestWindow);
        var secret = await cx.ChangeAsync(
            () => cx.RequireAnyAsync(request.SecretId, stop),
            read =>
            {
                if (read.Value.Deletion is not null)
                {
                    throw new InvalidRequestException("You can't perform this operation on the secret because it was already scheduled for deletion.");
                }
                var changed = read.Value with { Deletion = new SecretDeletion(cx.Now, ends) };
                return ValueTask.FromResult<(SecretDocument, Commit?)>((changed, new Commit().Update(SecretsManagerKinds.Secrets, read, changed)));
            },
            stop);
        return new DeleteSecretResponse { ARN = cx.ArnOf(secret), Name = secret.Name, DeletionDate = ends };
    }

    private static async ValueTask<DeleteSecretResponse> DeleteNowAsync(SecretsManagerContext cx, string? secretId, CancellationToken stop)
    {
        for (var attempt = 0; attempt < SecretsManagerContext.MaximumAttempts; attempt++)
        {
            var secret = await cx.FindAsync(SecretNames.CheckReference(secretId), stop);
            if (secret is null)
            {
                // AWS answers as if there had been one, so that a script may delete without looking first.
                var absent = Arn.TryParse(secretId, out var arn) ? arn.Resource : $"secret:{secretId}-{Ids.Secret(SecretNames.SuffixLength)}";
                return new DeleteSecretResponse { ARN = cx.Call.Arn("secretsmanager", absent).ToString(), Name = secretId, DeletionDate = cx.Now };
            }
            if (await Removal.TryAsync(cx.Documents, secret, stop))
            {
                return new DeleteSecretResponse { ARN = cx.ArnOf(secret.Value), Name = secret.Value.Name, DeletionDate = cx.Now };
            }
        }
        throw SecretsManagerFaults.Contended();
    }
}
