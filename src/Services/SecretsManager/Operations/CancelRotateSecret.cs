using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

/// <summary>
/// Ends the schedule, and the rotation that may be under way: no step of it is started any more. Its version stays as it is, perhaps without a value, for
/// its owner to look at.
/// </summary>
internal static class CancelRotateSecret
{
    public static async ValueTask<CancelRotateSecretResponse> HandleAsync(
        SecretsManagerContext cx, CancelRotateSecretRequest request, CancellationToken stop)
    {
        var secret = await cx.ChangeAsync(
            () => cx.RequireAsync(request.SecretId, stop),
            async read =>
            {
                if (read.Value.Rotation is not { } rotation)
                {
                    return (read.Value, null);
                }
                var changed = read.Value with { Rotation = rotation with { IsEnabled = false, NextAt = null }, ChangedAt = cx.Now };
                var commit = new Commit().Update(SecretsManagerKinds.Secrets, read, changed);
                if (await cx.Documents.GetAsync(SecretsManagerKinds.Rotations, cx.Scope, changed.Name, stop) is { } running)
                {
                    commit.Delete(running);
                }
                return (changed, commit);
            },
            stop);
        return new CancelRotateSecretResponse { ARN = cx.ArnOf(secret), Name = secret.Name, VersionId = RotationStart.Unfinished(secret) };
    }
}
