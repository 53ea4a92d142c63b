using Longspan.Store.Documents;

namespace Longspan.Store.Sqlite;

/// <summary>
/// The document log on one SQLite file. Calls complete synchronously: a read is some microseconds on a pooled connection, a write is one
/// transaction on the only writer connection, and both are cheaper than a thread hop.
/// </summary>
public sealed class SqliteDocumentBackend(string path, int readers = SqliteDocumentBackend.DefaultReaders) : DocumentBackend
{
    public const int DefaultReaders = 16;

    /// <summary>Change rows removed by one trim, so that a trim never holds up the writer for long.</summary>
    private const int TrimRows = 20_000;

    // Nothing sorts after it that a name may hold, so "prefix + this" ends a prefix range.
    private const string Last = "\U0010FFFF";

    private const string Columns = "kind, scope, name, revision, created, schema_version, body";

    private SqliteFile? file;

    private SqliteFile File => file ?? throw new InvalidOperationException("The backend is not open.");

    public override ValueTask<LogPosition> OpenAsync(CancellationToken stop)
    {
        file = SqliteFile.Open(path, SqliteDocumentSchema.Steps, readers);
        return ValueTask.FromResult(Position(file.Writer));
    }

    public override async ValueTask<RawDocument?> GetAsync(DocumentKey key, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        using var row = reader.Session.Prepare(
            "SELECT revision, created, schema_version, body FROM documents WHERE kind = ?1 AND scope = ?2 AND name = ?3");
        row.Bind(1, key.Kind).Bind(2, key.Scope).Bind(3, key.Name);
        return row.Step() ? new RawDocument(key, row.Int64(0), row.Int64(1), (int)row.Int64(2), row.Blob(3)) : null;
    }

    public override async ValueTask<IReadOnlyList<RawDocument>> ListAsync(DocumentRange range, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        using var rows = range.ScopeIsPrefix ? AllScopes(reader.Session, range) : OneScope(reader.Session, range);
        return Collect(rows);
    }

    private static SqliteStatement AllScopes(SqliteSession session, DocumentRange range) =>
        session.Prepare(
                $"SELECT {Columns} FROM documents WHERE kind = ?1 AND scope >= ?2 AND scope < ?3 ORDER BY kind, scope, name LIMIT ?4")
            .Bind(1, range.Kind).Bind(2, range.Scope).Bind(3, range.Scope + Last).Bind(4, range.Limit);

    private static SqliteStatement OneScope(SqliteSession session, DocumentRange range)
    {
        // Two spellings, because the planner cannot turn "name > after or there is no after" into a range.
        var after = range.AfterName is { } name && string.CompareOrdinal(name, range.NamePrefix) >= 0 ? name : null;
        var from = after is null ? ">=" : ">";
        return session.Prepare(
                from == ">"
                    ? $"SELECT {Columns} FROM documents WHERE kind = ?1 AND scope = ?2 AND name > ?3 AND name < ?4 ORDER BY name LIMIT ?5"
                    : $"SELECT {Columns} FROM documents WHERE kind = ?1 AND scope = ?2 AND name >= ?3 AND name < ?4 ORDER BY name LIMIT ?5")
            .Bind(1, range.Kind).Bind(2, range.Scope).Bind(3, after ?? range.NamePrefix).Bind(4, range.NamePrefix + Last).Bind(5, range.Limit);
    }

    public override async ValueTask<IReadOnlyList<RawDocument>> ListByIndexAsync(IndexRange range, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        using var rows = reader.Session.Prepare(
            """
            SELECT d.kind, d.scope, d.name, d.revision, d.created, d.schema_version, d.body
            FROM entries e JOIN documents d ON d.kind = e.kind AND d.scope = e.scope AND d.name = e.name
            WHERE e.kind = ?1 AND e.scope = ?2 AND e.entry = ?3 AND e.value = ?4 AND (?5 IS NULL OR e.name > ?5)
            ORDER BY e.name LIMIT ?6
            """);
        rows.Bind(1, range.Kind).Bind(2, range.Scope).Bind(3, range.Index).Bind(4, range.Value).Bind(5, range.AfterName).Bind(6, range.Limit);
        return Collect(rows);
    }

    private static List<RawDocument> Collect(SqliteStatement rows)
    {
        var found = new List<RawDocument>();
        while (rows.Step())
        {
            found.Add(new RawDocument(
                new DocumentKey(rows.Text(0), rows.Text(1), rows.Text(2)), rows.Int64(3), rows.Int64(4), (int)rows.Int64(5), rows.Blob(6)));
        }
        return found;
    }

    public override async ValueTask<ChangePage> ChangesAsync(ChangeCursor after, int limit, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        // One read transaction, so that the rows and the position belong to the same moment.
        reader.Session.Execute("BEGIN");
        try
        {
            var position = Position(reader.Session);
            using var rows = reader.Session.Prepare(
                """
                SELECT revision, ordinal, kind, scope, name, deleted FROM changes
                WHERE (revision, ordinal) > (?1, ?2) ORDER BY revision, ordinal LIMIT ?3
                """);
            rows.Bind(1, after.Revision).Bind(2, after.Ordinal).Bind(3, limit);
            var changes = new List<DocumentChange>();
            var next = after;
            while (rows.Step())
            {
                next = new ChangeCursor(rows.Int64(0), (int)rows.Int64(1));
                var key = new DocumentKey(rows.Text(2), rows.Text(3), rows.Text(4));
                changes.Add(new DocumentChange(next.Revision, key, rows.Int64(5) != 0, false));
            }
            return new ChangePage(position, changes, next);
        }
        finally
        {
            reader.Session.RollbackIfOpen();
        }
    }

    public override ValueTask<IReadOnlyList<AppliedCommit>> ApplyAsync(
        IReadOnlyList<PreparedCommit> commits, DateTimeOffset now, CancellationToken stop)
    {
        var applied = new List<AppliedCommit>(commits.Count);
        File.Write(session =>
        {
            var group = new SqliteCommitGroup(session, Position(session).Revision, now.ToUnixTimeMilliseconds());
            foreach (var commit in commits)
            {
                applied.Add(group.Apply(commit));
            }
            group.Close();
        });
        return ValueTask.FromResult<IReadOnlyList<AppliedCommit>>(applied);
    }

    public override ValueTask<IReadOnlyList<Lease?>> LeasesAsync(
        IReadOnlyList<LeaseRequest> requests, DateTimeOffset now, CancellationToken stop)
    {
        var granted = new List<Lease?>(requests.Count);
        File.Write(session =>
        {
            foreach (var request in requests)
            {
                granted.Add(SqliteLeases.Apply(session, request, now));
            }
        });
        return ValueTask.FromResult<IReadOnlyList<Lease?>>(granted);
    }

    public override async ValueTask<IReadOnlyList<Lease>> ListLeasesAsync(string namePrefix, CancellationToken stop)
    {
        using var reader = await File.ReadAsync(stop).ConfigureAwait(false);
        return SqliteLeases.List(reader.Session, namePrefix, namePrefix + Last);
    }

    public override ValueTask<LogPosition> TrimAsync(DateTimeOffset olderThan, long keepRevisions, CancellationToken stop)
    {
        var position = default(LogPosition);
        File.Write(session =>
        {
            var now = Position(session);
            var byAge = TrimBound(session, olderThan);
            var through = Math.Max(now.TrimmedThrough, Math.Max(byAge, now.Revision - keepRevisions));
            // Whole commits only: a watcher must never find half of one.
            using (var bounded = session.Prepare("SELECT revision FROM changes WHERE revision <= ?1 ORDER BY revision LIMIT 1 OFFSET ?2"))
            {
                bounded.Bind(1, through).Bind(2, TrimRows);
                through = bounded.Step() ? bounded.Int64(0) : through;
            }
            session.Prepare("DELETE FROM changes WHERE revision <= ?1").Bind(1, through).Run();
            session.Prepare("UPDATE log SET trimmed = ?1").Bind(1, through).Run();
            position = now with { TrimmedThrough = through };
        });
        return ValueTask.FromResult(position);
    }

    // Times of changes rise with revisions (a clock set back only delays a trim), so the first young row ends the old ones.
    private static long TrimBound(SqliteSession session, DateTimeOffset olderThan)
    {
        using var young = session.Prepare("SELECT revision FROM changes WHERE at_ms >= ?1 ORDER BY revision LIMIT 1");
        young.Bind(1, olderThan.ToUnixTimeMilliseconds());
        return young.Step() ? young.Int64(0) - 1 : session.Scalar("SELECT coalesce(max(revision), 0) FROM changes");
    }

    public override ValueTask<LogPosition> ResetAsync(CancellationToken stop)
    {
        var position = default(LogPosition);
        File.Write(session =>
        {
            // Without a condition SQLite drops the pages as a whole: milliseconds for any size.
            session.Execute("DELETE FROM documents; DELETE FROM entries; DELETE FROM changes; DELETE FROM leases");
            session.Execute("UPDATE log SET revision = revision + 1, trimmed = revision + 1");
            position = Position(session);
        });
        return ValueTask.FromResult(position);
    }

    private static LogPosition Position(SqliteSession session)
    {
        using var row = session.Prepare("SELECT revision, trimmed FROM log");
        row.Step();
        return new LogPosition(row.Int64(0), row.Int64(1));
    }

    public override ValueTask DisposeAsync()
    {
        file?.Dispose();
        return ValueTask.CompletedTask;
    }
}
