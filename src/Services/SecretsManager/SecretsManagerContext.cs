using Longspan.Kernel;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager;

/// <summary>What the operations of Secrets Manager work with.</summary>
public sealed class SecretsManagerContext
{
    /// <summary>How often an operation decides anew when others change the same secret.</summary>
    internal const int MaximumAttempts = 10;

    internal SecretsManagerContext(CallContext call) => Call = call;

    internal CallContext Call { get; }
    internal DocumentLog Documents => Call.Cloud.Documents;
    internal string Scope => Call.Scope;
    internal DateTimeOffset Now => Call.Now;

    internal string ArnOf(SecretDocument secret) => Call.Arn("secretsmanager", secret.Resource).ToString();

    /// <summary>The secret that a request names by its name, its ARN, or its ARN without the random end; null when there is none.</summary>
    internal async ValueTask<Document<SecretDocument>?> FindAsync(string? secretId, CancellationToken stop)
    {
        foreach (var (name, suffix) in SecretNames.Candidates(Call, secretId))
        {
            var secret = await Documents.GetAsync(SecretsManagerKinds.Secrets, Scope, name, stop);
            if (secret is not null && (suffix is null || secret.Value.Suffix == suffix))
            {
                return secret;
            }
        }
        return null;
    }

    /// <summary>As above, for operations that also serve a secret whose deletion is scheduled.</summary>
    internal async ValueTask<Document<SecretDocument>> RequireAnyAsync(string? secretId, CancellationToken stop) =>
        await FindAsync(SecretNames.CheckReference(secretId), stop) ?? throw SecretsManagerFaults.NotFound();

    internal async ValueTask<Document<SecretDocument>> RequireAsync(string? secretId, CancellationToken stop)
    {
        var secret = await RequireAnyAsync(secretId, stop);
        return secret.Value.Deletion is null ? secret : throw SecretsManagerFaults.MarkedForDeletion();
    }

    /// <summary>Reads, decides and commits, again when somebody else was quicker. A null commit changes nothing.</summary>
    internal async ValueTask<SecretDocument> ChangeAsync(
        Func<ValueTask<Document<SecretDocument>>> read, Func<Document<SecretDocument>, ValueTask<(SecretDocument Secret, Commit? Commit)>> decide,
        CancellationToken stop)
    {
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var (secret, commit) = await decide(await read());
            if (commit is null || (await Documents.CommitAsync(commit, stop)).Committed)
            {
                return secret;
            }
        }
        throw SecretsManagerFaults.Contended();
    }

    /// <summary>The same for changes of the secret alone.</summary>
    internal ValueTask<SecretDocument> ChangeAsync(string? secretId, Func<SecretDocument, SecretDocument> change, CancellationToken stop) =>
        ChangeAsync(
            () => RequireAsync(secretId, stop),
            read =>
            {
                var changed = change(read.Value);
                return ValueTask.FromResult<(SecretDocument, Commit?)>((changed, new Commit().Update(SecretsManagerKinds.Secrets, read, changed)));
            },
            stop);
}
