using Longspan.Store.Documents;

namespace Longspan.Store.Sqlite;

/// <summary>Applies the commits of one open transaction. Checks come before the first write of a commit, so a refused one leaves no trace.</summary>
internal sealed class SqliteCommitGroup
{
    private static readonly AppliedCommit Conflict = new(new CommitResult(CommitStatus.Conflict, 0), []);
    private static readonly AppliedCommit Fenced = new(new CommitResult(CommitStatus.Fenced, 0), []);

    private readonly SqliteSession session;
    private readonly long startRevision;
    private readonly long nowMs;
    private long revision;

    public SqliteCommitGroup(SqliteSession session, long startRevision, long nowMs)
    {
        this.session = session;
        this.startRevision = startRevision;
        this.nowMs = nowMs;
        revision = startRevision;
    }

    public AppliedCommit Apply(PreparedCommit commit)
    {
        if (commit.Fence is { } fence && !SqliteLeases.Holds(session, fence))
        {
            return Fenced;
        }
        // What is expected is nearly always what is written: looked up once.
        var read = new Dictionary<DocumentKey, (long Revision, long Created, long EntryCount)>(commit.Expectations.Count);
        foreach (var (key, expected) in commit.Expectations)
        {
            var current = read[key] = Current(key);
            if (current.Revision != expected)
            {
                return Conflict;
            }
        }
        var changes = new List<DocumentChange>(commit.Writes.Count);
        foreach (var write in commit.Writes)
        {
            var current = read.Remove(write.Key, out var known) ? known : Current(write.Key);
            if (write.Body is null && current.Revision == 0)
            {
                continue;
            }
            var sameEntries = current.EntryCount == write.Indexes.Count && HasEntries(write);
            if (current.EntryCount > 0 && !sameEntries)
            {
                RemoveEntries(write.Key);
            }
            if (write.Body is { } body)
            {
                Put(write, body.Span, current.Created);
                if (!sameEntries)
                {
                    AddEntries(write);
                }
            }
            else
            {
                session.Prepare("DELETE FROM documents WHERE kind = ?1 AND scope = ?2 AND name = ?3")
                    .Bind(1, write.Key.Kind).Bind(2, write.Key.Scope).Bind(3, write.Key.Name).Run();
            }
            var change = new DocumentChange(revision + 1, write.Key, write.Body is null, false) { Value = write.Value };
            Record(change, changes.Count);
            changes.Add(change);
        }
        if (changes.Count > 0)
        {
            revision++;
        }
        return new AppliedCommit(new CommitResult(CommitStatus.Committed, revision), changes);
    }

    /// <summary>One counter update for the whole group.</summary>
    public void Close()
    {
        if (revision != startRevision)
        {
            session.Prepare("UPDATE log SET revision = ?1").Bind(1, revision).Run();
        }
    }

    private (long Revision, long Created, long EntryCount) Current(DocumentKey key)
    {
        using var row = session.Prepare("SELECT revision, created, entry_count FROM documents WHERE kind = ?1 AND scope = ?2 AND name = ?3");
        row.Bind(1, key.Kind).Bind(2, key.Scope).Bind(3, key.Name);
        return row.Step() ? (row.Int64(0), row.Int64(1), row.Int64(2)) : default;
    }

    private void Put(DocumentWrite write, ReadOnlySpan<byte> body, long created)
    {
        session.Prepare(
                """
                INSERT INTO documents (kind, scope, name, revision, created, schema_version, entry_count, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                ON CONFLICT (kind, scope, name) DO UPDATE SET
                    revision = excluded.revision, schema_version = excluded.schema_version, entry_count = excluded.entry_count, body = excluded.body
                """)
            .Bind(1, write.Key.Kind).Bind(2, write.Key.Scope).Bind(3, write.Key.Name)
            .Bind(4, revision + 1).Bind(5, created == 0 ? revision + 1 : created).Bind(6, write.SchemaVersion).Bind(7, write.Indexes.Count)
            .BindBlob(8, body).Run();
    }

    // Most changes of a document leave it where it is found, and reading its entries costs less than writing them anew.
    private bool HasEntries(DocumentWrite write)
    {
        if (write.Indexes.Count == 0)
        {
            return true;
        }
        var found = 0;
        using var row = session.Prepare("SELECT entry, value FROM entries WHERE kind = ?1 AND scope = ?2 AND name = ?3");
        row.Bind(1, write.Key.Kind).Bind(2, write.Key.Scope).Bind(3, write.Key.Name);
        while (row.Step())
        {
            if (!write.Indexes.Contains((row.Text(0), row.Text(1))))
            {
                return false;
            }
            found++;
        }
        return found == write.Indexes.Count;
    }

    private void AddEntries(DocumentWrite write)
    {
        foreach (var (index, value) in write.Indexes)
        {
            // A kind may well declare the same entry twice (two tags of the same value, say); one row says it.
            session.Prepare("INSERT OR IGNORE INTO entries (kind, scope, entry, value, name) VALUES (?1, ?2, ?3, ?4, ?5)")
                .Bind(1, write.Key.Kind).Bind(2, write.Key.Scope).Bind(3, index).Bind(4, value).Bind(5, write.Key.Name).Run();
        }
    }

    private void RemoveEntries(DocumentKey key) =>
        session.Prepare("DELETE FROM entries WHERE kind = ?1 AND scope = ?2 AND name = ?3")
            .Bind(1, key.Kind).Bind(2, key.Scope).Bind(3, key.Name).Run();

    private void Record(DocumentChange change, int ordinal) =>
        session.Prepare("INSERT INTO changes (revision, ordinal, at_ms, kind, scope, name, deleted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .Bind(1, change.Revision).Bind(2, ordinal).Bind(3, nowMs)
            .Bind(4, change.Key.Kind).Bind(5, change.Key.Scope).Bind(6, change.Key.Name).Bind(7, change.Deleted ? 1 : 0).Run();
}
