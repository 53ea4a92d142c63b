using System.Runtime.InteropServices;
using SQLitePCL;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>What is read while the store is running, each on a reader of its own.</summary>
internal sealed partial class ColdStore
{
    /// <summary>The payload of a message that the cold store has.</summary>
    public byte[] Payload(Entry entry)
    {
        using var lease = _file.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        using var row = lease.Session.Prepare("SELECT body, checksum FROM payload WHERE seq=?").Bind(1, entry.Sequence);
        if (!row.Step())
        {
            throw new SqliteFault(raw.SQLITE_CORRUPT, $"message {entry.Sequence} of queue {entry.Queue} has no payload");
        }
        var payload = row.Blob(0);
        if (!row.IsNull(1) && row.Int64(1) != Checksum(entry.Sequence, entry.SentAt, entry.Id.ToByteArray(), entry.GroupId, payload))
        {
            throw new SqliteFault(raw.SQLITE_CORRUPT, $"message {entry.Sequence} of queue {entry.Queue} does not match its checksum");
        }
        return payload;
    }

    /// <summary>The next messages of the queue's tail, on a reader of its own.</summary>
    public async ValueTask<(List<Entry> Entries, bool AtEnd)> NextAsync(
        long queue, long after, int limit, int maximumBytes, CancellationToken stop)
    {
        using var lease = await _file.ReadAsync(stop).ConfigureAwait(false);
        using var rows = lease.Session.Prepare(
            $"SELECT {Columns} FROM delivery d JOIN payload p ON p.seq=d.seq WHERE d.queue=? AND d.seq>? ORDER BY d.seq LIMIT ?")
            .Bind(1, queue).Bind(2, after).Bind(3, limit);
        var entries = Read(rows, queue, maximumBytes, out var cut);
        return (entries, entries.Count < limit && !cut);
    }

    /// <summary>
    /// Messages of the tail by their groups: the next few of each of the next few groups after the scout's cursor, the noisy ones left out.
    /// </summary>
    public async ValueTask<(List<Entry> Entries, string? LastGroup, bool AtEnd)> OfGroupsAsync(
        ScoutCommand page, CancellationToken stop)
    {
        using var lease = await _file.ReadAsync(stop).ConfigureAwait(false);
        var entries = new List<Entry>();
        var bytes = 0L;
        var group = page.Cursor;
        for (var groups = 0; groups < TailScout.GroupsPerPage && bytes < MaximumReadBytes; groups++)
        {
            group = NextGroup(lease.Session, page.Queue, group);
            if (group is null)
            {
                return (entries, null, true);
            }
            if (page.Noisy.Contains(group))
            {
                continue;
            }
            using var rows = lease.Session.Prepare(
                $"""
                SELECT {Columns} FROM delivery d INDEXED BY delivery_tenant JOIN payload p ON p.seq=d.seq
                WHERE d.queue=? AND d.tenant=? AND d.tenant IS NOT NULL AND d.visible_at=0 AND d.seq>? ORDER BY d.seq LIMIT ?
                """)
                .Bind(1, page.Queue).Bind(2, group).Bind(3, page.Place(group)).Bind(4, TailScout.MessagesPerGroup);
            var found = Read(rows, page.Queue, MaximumReadBytes, out _);
            bytes += found.Sum(e => e.Payload.Length);
            entries.AddRange(found);
        }
        return (entries, group, false);
    }

    /// <summary>Whether the queue's tail has messages in groups, the queue not being FIFO.</summary>
    public bool HasTenants(long queue) => NextGroup(_file.Writer, queue, null) is not null;

    /// <summary>One message of the tail, while the store is running; null when it is not there.</summary>
    public Entry? One(long queue, long sequence)
    {
        using var lease = _file.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        using var rows = lease.Session.Prepare(
            $"SELECT {Columns} FROM delivery d JOIN payload p ON p.seq=d.seq WHERE d.queue=? AND d.seq=?")
            .Bind(1, queue).Bind(2, sequence);
        return Read(rows, queue, int.MaxValue, out _).FirstOrDefault();
    }

    /// <summary>
    /// The oldest messages of the queue as far as they were sent before the given time, without payloads, and whether there may be more.
    /// </summary>
    public (List<Entry> Entries, bool GoesOn) Expired(long queue, long after, long sentBefore, int limit)
    {
        using var lease = _file.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        using var rows = lease.Session.Prepare(
            $"SELECT {ColumnsWithoutPayload} FROM delivery d WHERE d.queue=? AND d.seq>? ORDER BY d.seq LIMIT ?")
            .Bind(1, queue).Bind(2, after).Bind(3, limit);
        // Sequence order is age order, but for dead letters; those are found when they are reached.
        List<Entry> entries = [.. Read(rows, queue, MaximumReadBytes, out _).TakeWhile(e => e.SentAt <= sentBefore)];
        return (entries, entries.Count == limit);
    }

    public DeduplicationEntry? Deduplication(long queue, UInt128 key, long expiresAt)
    {
        using var lease = _file.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Span<byte> bytes = stackalloc byte[16];
        MemoryMarshal.Write(bytes, key);
        using var row = lease.Session.Prepare("SELECT seq, message_id FROM deduplication WHERE expires_at=? AND queue=? AND key=?")
            .Bind(1, expiresAt).Bind(2, queue).BindBlob(3, bytes);
        return row.Step() ? new DeduplicationEntry(queue, key, expiresAt, row.Int64(0), new Guid(row.Blob(1))) : null;
    }

    private static string? NextGroup(SqliteSession session, long queue, string? after)
    {
        using var row = session.Prepare(
            after is null
                ? "SELECT tenant FROM delivery INDEXED BY delivery_tenant WHERE queue=? AND tenant IS NOT NULL AND visible_at=0 ORDER BY tenant LIMIT 1"
                : "SELECT tenant FROM delivery INDEXED BY delivery_tenant WHERE queue=? AND tenant>? AND visible_at=0 ORDER BY tenant LIMIT 1")
            .Bind(1, queue);
        if (after is not null)
        {
            row.Bind(2, after);
        }
        return row.Step() ? row.Text(0) : null;
    }
}
