using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam;

/// <summary>What an IAM operation works with.</summary>
public sealed record IamContext(CallContext Call)
{
    /// <summary>Attempts at a change before its caller is told that others were faster.</summary>
    public const int MaximumAttempts = 20;

    public Caller Caller => Call.Caller;
    public string AccountId => Call.AccountId;
    public DocumentLog Documents => Call.Cloud.Documents;

    /// <summary>
    /// Reads, decides and commits until nobody came in between. <paramref name="decide"/> may refuse; an empty commit means that there
    /// is nothing to do.
    /// </summary>
    internal async ValueTask CommitAsync(Func<ValueTask<Commit>> decide, CancellationToken stop)
    {
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var commit = await decide();
            if (commit.IsEmpty || (await Documents.CommitAsync(commit, stop)).Committed)
            {
                return;
            }
        }
        throw new ConcurrentModificationException(
            "The request was rejected because multiple requests to change this object were submitted simultaneously.");
    }
}
