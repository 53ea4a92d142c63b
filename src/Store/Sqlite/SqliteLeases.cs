using Longspan.Store.Documents;

namespace Longspan.Store.Sqlite;

/// <summary>Lease rows, inside a transaction of the writer. Epochs come from one counter for all leases, so no epoch is ever given twice.</summary>
internal static class SqliteLeases
{
    /// <summary>
    /// True while nobody has taken the lease over or released it. Expiry does not matter here: a holder that is late but not yet replaced does no
    /// harm, and refusing it by clock would make correctness depend on clocks.
    /// </summary>
    public static bool Holds(SqliteSession session, LeaseFence fence) =>
        Find(session, fence.Lease) is { Holder.Length: > 0 } lease && lease.Epoch == fence.Epoch;

    public static Lease? Apply(SqliteSession session, LeaseRequest request, DateTimeOffset now)
    {
        var current = Find(session, request.Name);
        var mine = current is { } held && held.Holder == request.Holder && held.Epoch == request.Epoch;
        switch (request.Action)
        {
            case LeaseAction.Acquire:
                if (current is not null && current.IsHeldAt(now) && current.Holder != request.Holder && !request.EvenIfHeld)
                {
                    return null;
                }
                session.Execute("UPDATE log SET epoch = epoch + 1");
                return Write(session, new Lease(request.Name, request.Holder, session.Scalar("SELECT epoch FROM log"), now + request.Life));
            case LeaseAction.Renew:
                return mine ? Write(session, current! with { Expires = now + request.Life }) : null;
            case LeaseAction.Release:
                if (!mine)
                {
                    return null;
                }
                session.Prepare("DELETE FROM leases WHERE name = ?1").Bind(1, request.Name).Run();
                return current! with { Holder = "", Expires = now };
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request.Action, "Unknown lease action.");
        }
    }

    public static IReadOnlyList<Lease> List(SqliteSession session, string from, string before)
    {
        using var rows = session.Prepare("SELECT name, holder, epoch, expires_ms FROM leases WHERE name >= ?1 AND name < ?2 ORDER BY name");
        rows.Bind(1, from).Bind(2, before);
        var found = new List<Lease>();
        while (rows.Step())
        {
            found.Add(Read(rows));
        }
        return found;
    }

    private static Lease? Find(SqliteSession session, string name)
    {
        using var row = session.Prepare("SELECT name, holder, epoch, expires_ms FROM leases WHERE name = ?1");
        row.Bind(1, name);
        return row.Step() ? Read(row) : null;
    }

    private static Lease Read(SqliteStatement row) =>
        new(row.Text(0), row.Text(1), row.Int64(2), DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(3)));

    private static Lease Write(SqliteSession session, Lease lease)
    {
        session.Prepare(
                """
                INSERT INTO leases (name, holder, epoch, expires_ms) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, expires_ms = excluded.expires_ms
                """)
            .Bind(1, lease.Name).Bind(2, lease.Holder).Bind(3, lease.Epoch).Bind(4, lease.Expires.ToUnixTimeMilliseconds()).Run();
        return lease with { Expires = DateTimeOffset.FromUnixTimeMilliseconds(lease.Expires.ToUnixTimeMilliseconds()) };
    }
}
