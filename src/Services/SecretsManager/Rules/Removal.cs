using Longspan.Services.SecretsManager.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Rules;

internal static class Removal
{
    /// <summary>Removes a secret with all its values and its rotation in one commit; false when it changed meanwhile.</summary>
    public static async ValueTask<bool> TryAsync(DocumentLog documents, Document<SecretDocument> secret, CancellationToken stop)
    {
        var scope = secret.Key.Scope;
        var commit = new Commit().Delete(secret);
        foreach (var value in await documents.ListAsync(SecretsManagerKinds.Values, SecretsManagerKinds.ScopeOfValues(scope, secret.Value), stop))
        {
            commit.Delete(value);
        }
        if (await documents.GetAsync(SecretsManagerKinds.Rotations, scope, secret.Value.Name, stop) is { } rotation)
        {
            commit.Delete(rotation);
        }
        return (await documents.CommitAsync(commit, stop)).Committed;
    }
}
