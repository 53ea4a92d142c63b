using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class UpdateSecretVersionStage
{
    public static async ValueTask<UpdateSecretVersionStageResponse> HandleAsync(
        SecretsManagerContext cx, UpdateSecretVersionStageRequest request, CancellationToken stop)
    {
        var stage = Stages.CheckOne(request.VersionStage);
        if (request.MoveToVersionId is null && request.RemoveFromVersionId is null)
        {
            throw new InvalidParameterException("You must specify MoveToVersionId, RemoveFromVersionId, or both.");
        }
        var changed = await cx.ChangeAsync(
            request.SecretId,
            secret => RotationSchedule.AfterChangeByHand(
                secret, Change(secret, stage, request.RemoveFromVersionId, request.MoveToVersionId) with { ChangedAt = cx.Now }, cx.Now),
            stop);
        return new UpdateSecretVersionStageResponse { ARN = cx.ArnOf(changed), Name = changed.Name };
    }

    private static SecretDocument Change(SecretDocument secret, string stage, string? from, string? to)
    {
        var holder = secret.VersionOf(stage);
        foreach (var id in (string?[])[from, to])
        {
            if (id is not null && !secret.Versions.ContainsKey(id))
            {
                throw SecretsManagerFaults.NoSuchVersion(id);
            }
        }
        if (to is null)
        {
            return stage == Stages.Current
                ? throw new InvalidParameterException(
                    "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.")
                : holder == from
                    ? Stages.Remove(secret, stage)
                    : throw new InvalidParameterException($"Staging label {stage} is not currently attached to version {from}.");
        }
        if (holder is not null && holder != to && holder != from)
        {
            throw new InvalidParameterException(
                from is null
                    ? $"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {holder}, so you must "
                        + "explicitly reference that version in RemoveFromVersionId."
                    : $"When you move staging label {stage}, if you specify RemoveFromVersionId, it must be set to the version that currently has the "
                        + $"staging label {stage}.");
        }
        return Stages.Move(secret, stage, to);
    }
}
