using Longspan.Store;
using Longspan.Store.Documents;

namespace Longspan.Core.Tests.Store;

/// <summary>A real database behind a test's own: what the test wants otherwise, it overrides.</summary>
internal abstract class ForwardingBackend(DocumentBackend inner) : DocumentBackend
{
    public override ValueTask<IReadOnlyList<AppliedCommit>> ApplyAsync(
        IReadOnlyList<PreparedCommit> commits, DateTimeOffset now, CancellationToken stop) => inner.ApplyAsync(commits, now, stop);
    public override ValueTask<LogPosition> OpenAsync(CancellationToken stop) => inner.OpenAsync(stop);
    public override ValueTask<RawDocument?> GetAsync(DocumentKey key, CancellationToken stop) => inner.GetAsync(key, stop);
    public override ValueTask<IReadOnlyList<RawDocument>> ListAsync(DocumentRange range, CancellationToken stop) => inner.ListAsync(range, stop);
    public override ValueTask<IReadOnlyList<RawDocument>> ListByIndexAsync(IndexRange range, CancellationToken stop) => inner.ListByIndexAsync(range, stop);
    public override ValueTask<ChangePage> ChangesAsync(ChangeCursor after, int limit, CancellationToken stop) => inner.ChangesAsync(after, limit, stop);
    public override ValueTask<IReadOnlyList<Lease?>> LeasesAsync(IReadOnlyList<LeaseRequest> requests, DateTimeOffset now, CancellationToken stop) =>
        inner.LeasesAsync(requests, now, stop);
    public override ValueTask<IReadOnlyList<Lease>> ListLeasesAsync(string namePrefix, CancellationToken stop) => inner.ListLeasesAsync(namePrefix, stop);
    public override ValueTask<LogPosition> TrimAsync(DateTimeOffset olderThan, long keepRevisions, CancellationToken stop) =>
        inner.TrimAsync(olderThan, keepRevisions, stop);
    public override ValueTask<LogPosition> ResetAsync(CancellationToken stop) => inner.ResetAsync(stop);
    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
