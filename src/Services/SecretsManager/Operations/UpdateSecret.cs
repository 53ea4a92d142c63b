using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class UpdateSecret
{
    public static async ValueTask<UpdateSecretResponse> HandleAsync(
        SecretsManagerContext cx, UpdateSecretRequest request, CancellationToken stop)
    {
        Limits.CheckDescription(request.Description);
        Limits.CheckKeyId(request.KmsKeyId);
        NewValue.CheckToken(request.ClientRequestToken);
        if (!string.IsNullOrEmpty(request.Type))
        {
            throw new InvalidParameterException("Secrets that a partner holds are not supported here: Type must be empty.");
        }
        var value = NewValue.Read(request.ClientRequestToken, request.SecretString, request.SecretBinary);
        var changed = await cx.ChangeAsync(
            () => cx.RequireAsync(request.SecretId, stop),
            async read =>
            {
                var secret = read.Value with { Description = request.Description ?? read.Value.Description, ChangedAt = cx.Now };
                var commit = new Commit();
                if (request.KmsKeyId is { } key && NullIfEmpty(key) != secret.KmsKeyId)
                {
                    secret = await WithKeyAsync(cx, commit, secret, NullIfEmpty(key), stop);
                }
                return value is null
                    ? (secret, commit.Update(SecretsManagerKinds.Secrets, read, secret))
                    : await NewVersion.AddToAsync(cx, commit, read, secret, value, [Stages.Current], stop);
            },
            stop);
        return new UpdateSecretResponse { ARN = cx.ArnOf(changed), Name = changed.Name, VersionId = value?.VersionId };
    }

    // The versions that are in use are encrypted anew under the new key; others stay under the one that they have.
    private static async ValueTask<SecretDocument> WithKeyAsync(
        SecretsManagerContext cx, Commit commit, SecretDocument secret, string? key, CancellationToken stop)
    {
        var changed = secret with { KmsKeyId = key };
        foreach (var id in new[] { Stages.Current, Stages.Previous, Stages.Pending }.Select(secret.VersionOf).OfType<string>().Distinct())
        {
            if (await SecretValues.ReadAsync(cx, secret, id, stop) is { } value)
            {
                await SecretValues.AddToAsync(cx, commit, changed, id, value, stop);
                changed = changed.WithVersion(id, changed.Versions[id] with { KmsKeyId = key });
            }
        }
        return changed;
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
