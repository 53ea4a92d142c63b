using System.Text;
using System.Text.Json;
using Longspan.Store.Records;

namespace Longspan.Store.Sqlite;

/// <summary>The record store on one SQLite file. As with documents, calls complete synchronously.</summary>
public sealed class SqliteRecordBackend(string path, int readers = SqliteRecordBackend.DefaultReaders) : RecordBackend
{
    public const int DefaultReaders = 8;

    /// <summary>Events that one purge step deletes.</summary>
    private const int PurgeEvents = 5000;

    private const string Last = "\U0010FFFF";

    private SqliteFile? file;

    private SqliteFile File => file ?? throw new InvalidOperationException("The backend is not open.");

    public override ValueTask<bool> OpenAsync(CancellationToken stop)
    {
        file = SqliteFile.Open(path, SqliteRecordSchema.Steps, readers);
        return ValueTask.FromResult(file.Writer.Scalar("SELECT count(*) FROM doomed") > 0);
    }

    public override ValueTask<IReadOnlyList<RecordWriteResult>> ApplyAsync(IReadOnlyList<RecordWrite> writes, long nowMs, CancellationToken stop)
    {
        var results = new RecordWriteResult[writes.Count];
        File.Write(session =>
        {
            var transaction = new SqliteRecordWrites(session, nowMs);
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = transaction.Apply(writes[i]);
            }
        });
        return ValueTask.FromResult<IReadOnlyList<RecordWriteResult>>(results);
    }

    public override ValueTask<bool> PurgeAsync(CancellationToken stop)
    {
        var more = false;
        File.Write(session => more = new SqliteRecordWrites(session, 0).Purge(PurgeEvents));
        return ValueTask.FromResult(more);
    }

    public override async ValueTask<RecordPage> ReadStreamAsync(RecordStream stream, RecordRange range, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        long id;
        using (var found = reader.Session.Prepare(
            "SELECT s.id FROM streams s JOIN groups g ON g.id = s.group_id WHERE g.scope = ?1 AND g.name = ?2 AND s.name = ?3"))
        {
            id = found.Bind(1, stream.Scope).Bind(2, stream.Group).Bind(3, stream.Name).Step() ? found.Int64(0) : 0;
        }
        using var rows = reader.Session.Prepare(
            range.Backward
                ? """
                  SELECT id, at_ms, ingested_ms, message FROM events
                  WHERE stream_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (at_ms, id) < (?4, ?5) ORDER BY at_ms DESC, id DESC LIMIT ?6
                  """
                : """
                  SELECT id, at_ms, ingested_ms, message FROM events
                  WHERE stream_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (at_ms, id) > (?4, ?5) ORDER BY at_ms, id LIMIT ?6
                  """);
        Bind(rows, id, range);
        return Collect(rows, range, static (rows, name) => (string)name, stream.Name);
    }

    public override async ValueTask<RecordPage> ReadGroupAsync(
        string scope, string group, RecordStreamFilter filter, RecordRange range, CancellationToken stop)
    {
        if (filter.Names is [var only])
        {
            return await ReadStreamAsync(new RecordStream(scope, group, only), range, stop).ConfigureAwait(false);
        }
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        var (groupId, streams) = Matching(reader.Session, scope, group, filter);
        using var rows = reader.Session.Prepare(
            range.Backward
                ? """
                  SELECT id, at_ms, ingested_ms, message, stream_id FROM events
                  WHERE group_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (at_ms, id) < (?4, ?5)
                      AND stream_id IN (SELECT value FROM json_each(?7)) ORDER BY at_ms DESC, id DESC LIMIT ?6
                  """
                : """
                  SELECT id, at_ms, ingested_ms, message, stream_id FROM events
                  WHERE group_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (at_ms, id) > (?4, ?5)
                      AND stream_id IN (SELECT value FROM json_each(?7)) ORDER BY at_ms, id LIMIT ?6
                  """);
        Bind(rows, groupId, range);
        rows.Bind(7, "[" + string.Join(',', streams.Keys) + "]");
        return Collect(rows, range, static (rows, names) => ((Dictionary<long, string>)names)[rows.Int64(4)], streams);
    }

    private static (long GroupId, Dictionary<long, string> Streams) Matching(
        SqliteSession session, string scope, string group, RecordStreamFilter filter)
    {
        var wanted = filter.Names?.ToHashSet(StringComparer.Ordinal);
        var groupId = 0L;
        var streams = new Dictionary<long, string>();
        using var rows = session.Prepare(
            """
            SELECT g.id, s.id, s.name FROM groups g JOIN streams s ON s.group_id = g.id
            WHERE g.scope = ?1 AND g.name = ?2 AND s.name >= ?3 AND s.name < ?4
            """);
        var prefix = wanted is null ? filter.Prefix : "";
        rows.Bind(1, scope).Bind(2, group).Bind(3, prefix).Bind(4, prefix + Last);
        while (rows.Step())
        {
            groupId = rows.Int64(0);
            var name = rows.Text(2);
            if (wanted is null || wanted.Contains(name))
            {
                streams.Add(rows.Int64(1), name);
            }
        }
        return (groupId, streams);
    }

    private static void Bind(SqliteStatement rows, long owner, RecordRange range)
    {
        var start = range.After ?? (range.Backward ? new RecordPosition(long.MaxValue, long.MaxValue) : new RecordPosition(long.MinValue, 0));
        // One more than asked tells whether there is more.
        rows.Bind(1, owner).Bind(2, range.FromMs).Bind(3, range.BeforeMs).Bind(4, start.TimestampMs).Bind(5, start.Id).Bind(6, range.Limit + 1L);
    }

    private static RecordPage Collect(SqliteStatement rows, RecordRange range, Func<SqliteStatement, object, string> streamOf, object names)
    {
        var found = new List<StoredRecord>();
        var bytes = 0L;
        while (rows.Step())
        {
            var message = rows.Text(3);
            bytes += Encoding.UTF8.GetByteCount(message);
            if (found.Count == range.Limit || (found.Count > 0 && bytes > range.MaximumBytes))
            {
                return new RecordPage(found, true);
            }
            found.Add(new StoredRecord(rows.Int64(0), streamOf(rows, names), rows.Int64(1), rows.Int64(2), message));
        }
        return new RecordPage(found, false);
    }

    public override async ValueTask<IReadOnlyList<RecordStreamSummary>> ListStreamsAsync(
        string scope, string group, string namePrefix, string? afterName, int limit, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        using var rows = reader.Session.Prepare(
            """
            SELECT name, events, bytes, first_ms, last_ms, ingested_ms FROM streams
            WHERE group_id = (SELECT id FROM groups WHERE scope = ?1 AND name = ?2) AND name >= ?3 AND name < ?4 AND (?5 IS NULL OR name > ?5)
            ORDER BY name LIMIT ?6
            """);
        rows.Bind(1, scope).Bind(2, group).Bind(3, namePrefix).Bind(4, namePrefix + Last).Bind(5, afterName).Bind(6, limit);
        var found = new List<RecordStreamSummary>();
        while (rows.Step())
        {
            found.Add(new RecordStreamSummary(rows.Text(0), rows.Int64(1), rows.Int64(2), Optional(rows, 3), Optional(rows, 4), Optional(rows, 5)));
        }
        return found;
    }

    private static long? Optional(SqliteStatement row, int column) => row.IsNull(column) ? null : row.Int64(column);

    public override async ValueTask<RecordGroupSummary> SummarizeGroupAsync(string scope, string group, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        using var row = reader.Session.Prepare(
            """
            SELECT count(*), coalesce(sum(events), 0), coalesce(sum(bytes), 0) FROM streams
            WHERE group_id = (SELECT id FROM groups WHERE scope = ?1 AND name = ?2)
            """);
        row.Bind(1, scope).Bind(2, group).Step();
        return new RecordGroupSummary(row.Int64(0), row.Int64(1), row.Int64(2));
    }

    public override ValueTask DisposeAsync()
    {
        file?.Dispose();
        return ValueTask.CompletedTask;
    }
}
