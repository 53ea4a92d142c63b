using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>What <c>PutSecretValue</c> and <c>UpdateSecret</c> share: a value becomes a version.</summary>
internal static class NewVersion
{
    /// <summary>
    /// The secret as it is to be, with the commit that makes it so. A repeat with the same token and the same value changes nothing, and the
    /// commit is null; with another value it is refused, because versions are never rewritten. A version that a rotation has prepared takes its
    /// first value.
    /// </summary>
    /// <param name="secret">The secret with what else the request changes about it.</param>
    public static async ValueTask<(SecretDocument Secret, Commit? Commit)> AddToAsync(
        SecretsManagerContext cx, Commit commit, Document<SecretDocument> read, SecretDocument secret, NewValue value, IReadOnlyList<string> stages,
        CancellationToken stop)
    {
        if (read.Value.Versions.TryGetValue(value.VersionId, out var present) && present.HasValue)
        {
            return await SecretValues.HoldsAsync(cx, read.Value, value, stop)
                ? (read.Value, null)
                : throw new ResourceExistsException(
                    $"You can't use ClientRequestToken {value.VersionId} because that value is already in use for a version of secret {cx.ArnOf(read.Value)}.");
        }
        var (changed, removed) = Versions.Trim(Versions.Add(secret, value.VersionId, stages, cx.Now), cx.Now);
        changed = RotationSchedule.AfterChangeByHand(read.Value, changed, cx.Now);
        commit.Update(SecretsManagerKinds.Secrets, read, changed);
        await SecretValues.AddToAsync(cx, commit, changed, value.VersionId, value.Value, stop);
        await SecretValues.DeleteAsync(cx.Documents, commit, cx.Scope, changed, removed, stop);
        return (changed, commit);
    }
}
