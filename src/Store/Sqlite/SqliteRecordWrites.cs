using System.Text;
using Longspan.Store.Records;

namespace Longspan.Store.Sqlite;

/// <summary>The writes of one open transaction of the record store.</summary>
internal sealed class SqliteRecordWrites(SqliteSession session, long nowMs)
{
    public RecordWriteResult Apply(RecordWrite write) => write switch
    {
        AppendBatch batch => new RecordWriteResult(Append(batch), 0),
        RemoveStreams removal => new RecordWriteResult(default, Remove(removal)),
        RemoveOlder removal => new RecordWriteResult(default, RemoveOld(removal)),
        RemoveEverything => new RecordWriteResult(default, Clear()),
        _ => throw new ArgumentOutOfRangeException(nameof(write), write, "Unknown write."),
    };

    private AppendResult Append(AppendBatch batch)
    {
        var groupId = GroupId(batch.Stream);
        var streamId = StreamId(groupId, batch.Stream.Name);
        if (batch.Key is { } key && !Advance(streamId, key))
        {
            return new AppendResult(AppendStatus.Duplicate, 0, 0);
        }
        if (batch.Events.Count == 0)
        {
            return default;
        }
        var last = session.Scalar("SELECT last_event FROM store");
        var id = last;
        var (bytes, oldest, newest) = (0L, long.MaxValue, long.MinValue);
        foreach (var one in batch.Events)
        {
            session.Prepare("INSERT INTO events (id, stream_id, group_id, at_ms, ingested_ms, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
                .Bind(1, ++id).Bind(2, streamId).Bind(3, groupId).Bind(4, one.TimestampMs).Bind(5, nowMs).Bind(6, one.Message).Run();
            bytes += Encoding.UTF8.GetByteCount(one.Message);
            oldest = Math.Min(oldest, one.TimestampMs);
            newest = Math.Max(newest, one.TimestampMs);
        }
        session.Prepare("UPDATE store SET last_event = ?1").Bind(1, id).Run();
        session.Prepare(
                """
                UPDATE streams SET events = events + ?2, bytes = bytes + ?3, ingested_ms = ?6,
                    first_ms = min(coalesce(first_ms, ?4), ?4), last_ms = max(coalesce(last_ms, ?5), ?5)
                WHERE id = ?1
                """)
            .Bind(1, streamId).Bind(2, batch.Events.Count).Bind(3, bytes).Bind(4, oldest).Bind(5, newest).Bind(6, nowMs).Run();
        return new AppendResult(AppendStatus.Appended, last + 1, id);
    }

    private long GroupId(RecordStream stream)
    {
        using (var found = session.Prepare("SELECT id FROM groups WHERE scope = ?1 AND name = ?2"))
        {
            if (found.Bind(1, stream.Scope).Bind(2, stream.Group).Step())
            {
                return found.Int64(0);
            }
        }
        session.Prepare("INSERT INTO groups (scope, name) VALUES (?1, ?2)").Bind(1, stream.Scope).Bind(2, stream.Group).Run();
        return session.LastInsertedRow;
    }

    private long StreamId(long groupId, string name)
    {
        using (var found = session.Prepare("SELECT id FROM streams WHERE group_id = ?1 AND name = ?2"))
        {
            if (found.Bind(1, groupId).Bind(2, name).Step())
            {
                return found.Int64(0);
            }
        }
        session.Prepare("INSERT INTO streams (group_id, name, events, bytes) VALUES (?1, ?2, 0, 0)").Bind(1, groupId).Bind(2, name).Run();
        return session.LastInsertedRow;
    }

    private bool Advance(long streamId, BatchKey key)
    {
        session.Prepare(
                """
                INSERT INTO producers (stream_id, producer, sequence) VALUES (?1, ?2, ?3)
                ON CONFLICT (stream_id, producer) DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > sequence
                """)
            .Bind(1, streamId).Bind(2, key.Producer).Bind(3, key.Sequence).Run();
        return session.Changes > 0;
    }

    private long Remove(RemoveStreams removal)
    {
        const string Doomed =
            """
            FROM streams WHERE group_id = (SELECT id FROM groups WHERE scope = ?1 AND name = ?2) AND (?3 IS NULL OR name = ?3)
            """;
        session.Prepare("INSERT INTO doomed (stream_id) SELECT id " + Doomed).Bind(1, removal.Scope).Bind(2, removal.Group).Bind(3, removal.Stream).Run();
        session.Prepare("DELETE " + Doomed).Bind(1, removal.Scope).Bind(2, removal.Group).Bind(3, removal.Stream).Run();
        var removed = session.Changes;
        if (removal.Stream is null)
        {
            session.Prepare("DELETE FROM groups WHERE scope = ?1 AND name = ?2").Bind(1, removal.Scope).Bind(2, removal.Group).Run();
        }
        return removed;
    }

    private long RemoveOld(RemoveOlder removal)
    {
        session.Execute("CREATE TEMP TABLE IF NOT EXISTS old (id INTEGER PRIMARY KEY, stream_id INTEGER NOT NULL, bytes INTEGER NOT NULL)");
        session.Prepare(
                """
                INSERT INTO temp.old SELECT id, stream_id, length(CAST(message AS BLOB)) FROM events
                WHERE group_id = (SELECT id FROM groups WHERE scope = ?1 AND name = ?2) AND at_ms < ?3
                    AND stream_id IN (SELECT id FROM streams)
                ORDER BY at_ms, id LIMIT ?4
                """)
            .Bind(1, removal.Scope).Bind(2, removal.Group).Bind(3, removal.BeforeMs).Bind(4, removal.Limit).Run();
        var removed = session.Scalar("SELECT count(*) FROM temp.old");
        session.Execute("DELETE FROM events WHERE id IN (SELECT id FROM temp.old)");
        session.Execute(
            """
            UPDATE streams SET events = events - gone.n, bytes = bytes - gone.b,
                first_ms = (SELECT min(at_ms) FROM events WHERE stream_id = streams.id),
                last_ms = (SELECT max(at_ms) FROM events WHERE stream_id = streams.id)
            FROM (SELECT stream_id, count(*) AS n, sum(bytes) AS b FROM temp.old GROUP BY stream_id) AS gone
            WHERE streams.id = gone.stream_id
            """);
        session.Execute("DELETE FROM temp.old");
        return removed;
    }

    private long Clear()
    {
        session.Execute("DELETE FROM events; DELETE FROM streams; DELETE FROM groups; DELETE FROM producers; DELETE FROM doomed");
        return 0;
    }

    /// <summary>A bounded piece of the events of removed streams; false when none are left.</summary>
    public bool Purge(int events)
    {
        var stream = session.Scalar("SELECT stream_id FROM doomed LIMIT 1");
        if (stream == 0)
        {
            return false;
        }
        session.Prepare("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE stream_id = ?1 LIMIT ?2)").Bind(1, stream).Bind(2, events).Run();
        if (session.Changes < events)
        {
            session.Prepare("DELETE FROM producers WHERE stream_id = ?1").Bind(1, stream).Run();
            session.Prepare("DELETE FROM doomed WHERE stream_id = ?1").Bind(1, stream).Run();
        }
        return true;
    }
}
