using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// The messages that outlived a checkpoint, in SQLite. Delivery rows are small and apart from payloads, so that a change of
/// visibility never rewrites a body. It is always at the state of exactly one journal frame.
/// </summary>
internal sealed partial class ColdStore : IDisposable
{
    /// <summary>The longest run of one read: a page-in must not hold the window's memory bound up.</summary>
    public const int MaximumReadBytes = 4 * 1024 * 1024;

    private const string DeliveryColumns =
        "d.seq, d.visible_at, d.sent_at, d.receive_count, d.first_received_at, d.message_id, coalesce(d.group_id, nullif(d.tenant, '')), d.source, d.delivered_at";

    private const string Columns = DeliveryColumns + ", p.body, p.checksum";
    private const string ColumnsWithoutPayload = DeliveryColumns + ", NULL, NULL";

    private static readonly string[] SchemaSteps =
    [
        """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE queue(id INTEGER PRIMARY KEY, fifo INTEGER NOT NULL);
        CREATE TABLE delivery(
          queue INTEGER NOT NULL, seq INTEGER NOT NULL, visible_at INTEGER NOT NULL, sent_at INTEGER NOT NULL,
          receive_count INTEGER NOT NULL, first_received_at INTEGER NOT NULL, message_id BLOB NOT NULL,
          group_id TEXT, source TEXT, PRIMARY KEY(queue, seq)) WITHOUT ROWID;
        CREATE INDEX delivery_scheduled ON delivery(queue, seq) WHERE visible_at > 0;
        CREATE TABLE payload(seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE deduplication(
          expires_at INTEGER NOT NULL, queue INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL,
          message_id BLOB NOT NULL, PRIMARY KEY(expires_at, queue, key)) WITHOUT ROWID
        """,
        "ALTER TABLE delivery ADD COLUMN delivered_at INTEGER NOT NULL DEFAULT 0",
        // The groups of standard queues have a column of their own, so that FIFO queues and queues without groups do not pay for its index.
        """
        ALTER TABLE delivery ADD COLUMN tenant TEXT;
        UPDATE delivery SET tenant=group_id, group_id=NULL
          WHERE group_id IS NOT NULL AND queue IN (SELECT id FROM queue WHERE fifo=0);
        CREATE INDEX delivery_tenant ON delivery(queue, tenant, seq) WHERE tenant IS NOT NULL AND visible_at=0
        """,
        // SQLite does not notice a body that a disk has changed. Rows of before have none.
        "ALTER TABLE payload ADD COLUMN checksum INTEGER",
    ];

    private readonly string _path;
    private readonly int _sparePages;
    private SqliteFile _file;
    private volatile bool _hasSpaceToFree;

    /// <param name="path">The database file.</param>
    /// <param name="sparePages">Free pages that stay in the file for what comes next, and how many more are given back at a time.</param>
    public ColdStore(string path, int sparePages)
    {
        _path = path;
        _sparePages = sparePages;
        _file = OpenFile(path);
    }

    /// <summary>The file opened or made, with the schema of today.</summary>
    public static SqliteFile OpenFile(string path)
    {
        if (!File.Exists(path))
        {
            EnableVacuum(path);
        }
        return SqliteFile.Open(path, SchemaSteps, readers: 3);
    }

    /// <summary>Sorts out what is damaged, and goes on with the rest. Reads under way end with an error.</summary>
    public void Salvage(long firstFrame, Damage damage)
    {
        _file.Dispose();
        ColdSalvage.Run(_path, firstFrame, damage);
        _file = OpenFile(_path);
    }

    /// <summary>Whether the file itself is broken, and not only out of reach.</summary>
    public static bool IsDamage(Exception? fault) =>
        fault is SqliteFault sqlite ? sqlite.IsDamage : fault?.InnerException is { } inner && IsDamage(inner);

    /// <summary>Messages that do not match their checksum. For a file that is being salvaged.</summary>
    public static List<long> Unsound(SqliteSession session)
    {
        var unsound = new List<long>();
        using var rows = session.Prepare($"SELECT {Columns} FROM main.delivery d JOIN main.payload p ON p.seq=d.seq");
        while (rows.Step())
        {
            if (!IsSound(rows))
            {
                unsound.Add(rows.Int64(0));
            }
        }
        return unsound;
    }

    public long Meta(string name)
    {
        using var row = _file.Writer.Prepare("SELECT value FROM meta WHERE name=?").Bind(1, name);
        return row.Step() ? row.Int64(0) : 0;
    }

    public List<(long Queue, bool Fifo, long Rows)> Queues()
    {
        var queues = new List<(long, bool, long)>();
        using var row = _file.Writer.Prepare(
            "SELECT id, fifo, (SELECT count(*) FROM delivery WHERE queue=id) FROM queue ORDER BY id");
        while (row.Step())
        {
            queues.Add((row.Int64(0), row.Int64(1) != 0, row.Int64(2)));
        }
        return queues;
    }

    public IEnumerable<DeduplicationEntry> Deduplications(long now)
    {
        using var row = _file.Writer.Prepare(
            "SELECT queue, key, expires_at, seq, message_id FROM deduplication WHERE expires_at>? ORDER BY expires_at").Bind(1, now);
        while (row.Step())
        {
            yield return new(row.Int64(0), MemoryMarshal.Read<UInt128>(row.Blob(1)), row.Int64(2), row.Int64(3), new Guid(row.Blob(4)));
        }
    }

    /// <summary>Messages of the queue that are delayed or in flight, without their payloads. Start-up only.</summary>
    public List<Entry> Scheduled(long queue)
    {
        using var rows = _file.Writer.Prepare(
            $"SELECT {ColumnsWithoutPayload} FROM delivery d INDEXED BY delivery_scheduled WHERE d.queue=? AND d.visible_at>0 ORDER BY d.seq").Bind(1, queue);
        return Read(rows, queue, int.MaxValue, out _);
    }

    /// <summary>The messages of the queue after <paramref name="after"/> and up to <paramref name="upTo"/>, without payloads. Start-up only.</summary>
    public List<Entry> Range(long queue, long after, long upTo)
    {
        using var rows = _file.Writer.Prepare(
            $"SELECT {ColumnsWithoutPayload} FROM delivery d WHERE d.queue=? AND d.seq>? AND d.seq<=? ORDER BY d.seq")
            .Bind(1, queue).Bind(2, after).Bind(3, upTo);
        return Read(rows, queue, int.MaxValue, out _);
    }

    /// <summary>Deleted messages have left more free pages than the file keeps; each write gives some back.</summary>
    public bool HasSpaceToFree => _hasSpaceToFree;

    /// <summary>Writes the checkpoint in one transaction: all of it is durable when this returns, or none.</summary>
    public void Write(Checkpoint checkpoint)
    {
        var writer = _file.Writer;
        writer.Execute("BEGIN IMMEDIATE");
        try
        {
            if (checkpoint.Reset)
            {
                // Without a condition SQLite frees whole tables at once.
                writer.Execute("DELETE FROM delivery; DELETE FROM payload; DELETE FROM deduplication; DELETE FROM queue;");
            }
            WriteQueues(writer, checkpoint);
            WriteRows(writer, checkpoint);
            WriteDeduplications(writer, checkpoint);
            SetMeta(writer, "frame", checkpoint.Frame);
            SetMeta(writer, "next_sequence", checkpoint.NextSequence);
            writer.Execute("COMMIT");
        }
        catch
        {
            writer.RollbackIfOpen();
            throw;
        }
        if (writer.Scalar("PRAGMA freelist_count") > _sparePages)
        {
            writer.Execute($"PRAGMA incremental_vacuum({_sparePages})");
            // Until then the smaller file is an entry in the log.
            writer.Execute("PRAGMA wal_checkpoint(PASSIVE)");
        }
        _hasSpaceToFree = writer.Scalar("PRAGMA freelist_count") > _sparePages;
    }

    public void Dispose() => _file.Dispose();

    private static void WriteQueues(SqliteSession writer, Checkpoint checkpoint)
    {
        foreach (var (queue, fifo) in checkpoint.Opened)
        {
            writer.Prepare("INSERT OR IGNORE INTO queue(id, fifo) VALUES(?, ?)").Bind(1, queue).Bind(2, fifo ? 1 : 0).Run();
        }
        foreach (var (queue, upTo) in checkpoint.Purged)
        {
            RemoveUpTo(writer, queue, upTo);
        }
        foreach (var queue in checkpoint.Dropped)
        {
            RemoveUpTo(writer, queue, long.MaxValue);
            writer.Prepare("DELETE FROM queue WHERE id=?").Bind(1, queue).Run();
        }
    }

    private static void RemoveUpTo(SqliteSession writer, long queue, long upTo)
    {
        writer.Prepare("DELETE FROM payload WHERE seq IN (SELECT seq FROM delivery WHERE queue=? AND seq<=?)")
            .Bind(1, queue).Bind(2, upTo).Run();
        writer.Prepare("DELETE FROM delivery WHERE queue=? AND seq<=?").Bind(1, queue).Bind(2, upTo).Run();
    }

    private static void WriteRows(SqliteSession writer, Checkpoint checkpoint)
    {
        var removeDelivery = writer.Prepare("DELETE FROM delivery WHERE queue=? AND seq=?");
        var removePayload = writer.Prepare("DELETE FROM payload WHERE seq=?");
        foreach (var (queue, sequence) in checkpoint.Deleted)
        {
            removeDelivery.Bind(1, queue).Bind(2, sequence).Run();
            removePayload.Bind(1, sequence).Run();
        }
        var insertDelivery = writer.Prepare("""
            INSERT OR REPLACE INTO delivery(
              queue, seq, visible_at, sent_at, receive_count, first_received_at, message_id, group_id, source, delivered_at, tenant)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        var insertPayload = writer.Prepare("INSERT OR REPLACE INTO payload(seq, body, checksum) VALUES(?, ?, ?)");
        Span<byte> id = stackalloc byte[16];
        foreach (var row in checkpoint.Rows)
        {
            var entry = row.Entry;
            entry.Id.TryWriteBytes(id);
            insertDelivery.Bind(1, entry.Queue).Bind(2, entry.Sequence).Bind(3, row.VisibleAt).Bind(4, entry.SentAt)
                .Bind(5, row.ReceiveCount).Bind(6, row.FirstReceivedAt).BindBlob(7, id).Bind(8, row.Tenant is null ? entry.GroupId : null).Bind(9, entry.Source)
                .Bind(10, row.DeliveredAt).Bind(11, row.Tenant).Run();
            if (row.Payload is { } payload)
            {
                insertPayload.Bind(1, entry.Sequence).BindBlob(2, payload).Bind(3, Checksum(entry.Sequence, entry.SentAt, id, entry.GroupId, payload)).Run();
            }
        }
    }

    private static void WriteDeduplications(SqliteSession writer, Checkpoint checkpoint)
    {
        writer.Prepare("DELETE FROM deduplication WHERE expires_at<=?").Bind(1, checkpoint.Now).Run();
        var insert = writer.Prepare("INSERT OR REPLACE INTO deduplication(queue, key, expires_at, seq, message_id) VALUES(?, ?, ?, ?, ?)");
        Span<byte> bytes = stackalloc byte[16];
        foreach (var entry in checkpoint.Deduplications)
        {
            MemoryMarshal.Write(bytes, entry.Key);
            insert.Bind(1, entry.Queue).BindBlob(2, bytes).Bind(3, entry.ExpiresAt).Bind(4, entry.Sequence);
            entry.Id.TryWriteBytes(bytes);
            insert.BindBlob(5, bytes).Run();
        }
    }

    private static void SetMeta(SqliteSession writer, string name, long value) =>
        writer.Prepare("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)").Bind(1, name).Bind(2, value).Run();

    private static List<Entry> Read(SqliteStatement row, long queue, int maximumBytes, out bool cut)
    {
        var entries = new List<Entry>();
        var bytes = 0L;
        cut = false;
        while (row.Step())
        {
            if (bytes >= maximumBytes)
            {
                cut = true;
                break;
            }
            if (!IsSound(row))
            {
                throw new SqliteFault(raw.SQLITE_CORRUPT, $"message {row.Int64(0)} of queue {queue} does not match its checksum");
            }
            var entry = new Entry
            {
                Queue = queue,
                Sequence = row.Int64(0),
                VisibleAt = row.Int64(1),
                SentAt = row.Int64(2),
                ReceiveCount = (int)row.Int64(3),
                FirstReceivedAt = row.Int64(4),
                Id = new Guid(row.Blob(5)),
                GroupId = row.IsNull(6) ? null : row.Text(6),
                Source = row.IsNull(7) ? null : row.Text(7),
                DeliveredAt = row.Int64(8),
                Payload = row.IsNull(9) ? [] : row.Blob(9),
                PayloadOnDisk = row.IsNull(9),
                FromTail = true,
                Stored = true,
            };
            bytes += entry.Payload.Length;
            entries.Add(entry);
        }
        return entries;
    }

    private static bool IsSound(SqliteStatement row) =>
        row.IsNull(10) || row.Int64(10) == Checksum(row.Int64(0), row.Int64(2), row.Blob(5), row.IsNull(6) ? null : row.Text(6), row.Blob(9));

    /// <summary>Over what never changes about a message.</summary>
    private static long Checksum(long sequence, long sentAt, ReadOnlySpan<byte> id, string? group, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[36];
        BinaryPrimitives.WriteInt64LittleEndian(head, sequence);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], sentAt);
        id[..Math.Min(16, id.Length)].CopyTo(head[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[32..], Journal.Checksum(MemoryMarshal.AsBytes(group.AsSpan())));
        return ((long)Journal.Checksum(head) << 32) | Journal.Checksum(payload);
    }

    /// <summary>Space of deleted messages can be given back only by a file that was created for it.</summary>
    private static void EnableVacuum(string path)
    {
        Batteries_V2.Init();
        if (raw.sqlite3_open_v2(path, out var database, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, null) == raw.SQLITE_OK)
        {
            _ = raw.sqlite3_exec(database, "PRAGMA auto_vacuum=2; VACUUM;");
        }
        _ = raw.sqlite3_close_v2(database);
    }
}
