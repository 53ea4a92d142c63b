using Longspan.Kernel;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms;

/// <summary>What a KMS operation works with.</summary>
public sealed record KmsContext
{
    /// <summary>Attempts at a change before its caller is told to try again.</summary>
    private const int MaximumAttempts = 10;

    internal KmsContext(CallContext call) => Call = call;

    public CallContext Call { get; }
    public Caller Caller => Call.Caller;
    public DocumentLog Documents => Call.Cloud.Documents;
    public DateTimeOffset Now => Call.Now;

    internal string ArnOf(string resource) => Call.Arn("kms", resource).ToString();

    internal string KeyArn(string keyId) => ArnOf("key/" + keyId);

    /// <summary>Reads, decides and commits, again when somebody else was quicker. A null commit changes nothing.</summary>
    internal async ValueTask CommitAsync(Func<ValueTask<Commit?>> decide, CancellationToken stop)
    {
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            if (await decide() is not { } commit || (await Documents.CommitAsync(commit, stop)).Committed)
            {
                return;
            }
        }
        throw KmsFaults.Contended();
    }
}
