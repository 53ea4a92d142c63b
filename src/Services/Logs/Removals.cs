using Longspan.Services.Logs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Services.Logs;

/// <summary>
/// Carries out what <see cref="RemovalDocument"/>s ask for. Deleting a group or stream first commits that it is gone, together with such a
/// document; the operation then calls this for promptness, and a pass calls it for whatever a crash left over. Safe to repeat.
/// </summary>
internal static class Removals
{
    /// <summary>Stream documents deleted by one commit.</summary>
    private const int StreamsPerCommit = 500;

    public static async ValueTask FinishAsync(DocumentLog documents, RecordStore records, string scope, RemovalDocument removal, CancellationToken stop)
    {
        if (removal.StreamKey is { } key)
        {
            await records.RemoveStreamAsync(new RecordStream(scope, removal.GroupId, key), stop);
        }
        else
        {
            await DeleteStreamsAsync(documents, LogsKinds.ScopeOfStreams(scope, removal.GroupId), stop);
            await records.RemoveGroupAsync(scope, removal.GroupId, stop);
        }
        var pending = await documents.GetAsync(LogsKinds.Removal, scope, removal.DocumentName, stop);
        if (pending is not null)
        {
            // A conflict says that somebody else finished it at the same time.
            await documents.CommitAsync(new Commit().Delete(pending), stop);
        }
    }

    private static async ValueTask DeleteStreamsAsync(DocumentLog documents, string scope, CancellationToken stop)
    {
        while (true)
        {
            var streams = await documents.ListAsync(LogsKinds.Stream, scope, stop, limit: StreamsPerCommit);
            if (streams.Count == 0)
            {
                return;
            }
            var commit = new Commit();
            foreach (var stream in streams)
            {
                commit.Delete(stream);
            }
            await documents.CommitAsync(commit, stop);
        }
    }
}
