using Longspan.Services.SecretsManager.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>How a rotation begins, on request or on schedule.</summary>
internal static class RotationStart
{
    /// <summary>The version of a rotation that has not come to its end: it waits, and is not current. Null when there is none.</summary>
    public static string? Unfinished(SecretDocument secret) =>
        secret.VersionOf(Stages.Pending) is { } pending && pending != secret.VersionOf(Stages.Current) ? pending : null;

    /// <summary>
    /// Writes the secret with an empty version that waits for its value, and the rotation that is to fill it. An unfinished rotation is taken up again
    /// instead: it has perhaps changed the password elsewhere already, and only its version knows the new one.
    /// </summary>
    /// <param name="changed">The secret with what else is to change about it.</param>
    /// <returns>The secret as it is written.</returns>
    public static SecretDocument AddTo(
        Commit commit, Document<SecretDocument> read, SecretDocument changed, Document<RotationDocument>? rotation, string token, DateTimeOffset now)
    {
        if (Unfinished(changed) is { } unfinished)
        {
            commit.Update(SecretsManagerKinds.Secrets, read, changed);
            TakeUp(commit, read.Key.Scope, changed, rotation, unfinished);
            return changed;
        }
        var begun = Versions.Add(changed, token, [Stages.Pending], now, hasValue: false);
        commit.Update(SecretsManagerKinds.Secrets, read, begun);
        Put(commit, read.Key.Scope, begun, rotation, RotationSteps.Begin(begun, token));
        return begun;
    }

    /// <summary>Lets an unfinished rotation go on; one that goes on anyway is left alone.</summary>
    public static void TakeUp(
        Commit commit, string scope, SecretDocument secret, Document<RotationDocument>? rotation, string unfinished)
    {
        if (rotation is null || !rotation.Value.IsOf(secret) || rotation.Value.Token != unfinished)
        {
            Put(commit, scope, secret, rotation, RotationSteps.Begin(secret, unfinished));
        }
        else if (rotation.Value.GaveUp)
        {
            Put(commit, scope, secret, rotation, RotationSteps.Again(rotation.Value));
        }
    }

    private static void Put(
        Commit commit, string scope, SecretDocument secret, Document<RotationDocument>? present, RotationDocument rotation)
    {
        if (present is null)
        {
            commit.Create(SecretsManagerKinds.Rotations, scope, secret.Name, rotation);
        }
        else
        {
            commit.Update(SecretsManagerKinds.Rotations, present, rotation);
        }
    }
}
