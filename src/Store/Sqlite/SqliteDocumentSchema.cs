namespace Longspan.Store.Sqlite;

internal static class SqliteDocumentSchema
{
    /// <summary>Numbered by position, forward only, never edited once released.</summary>
    public static IReadOnlyList<string> Steps { get; } =
    [
        // documents: current state, so reads never scan history. entry_count spares index work for documents without entries.
        // changes: recent history for watchers; a commit is one revision, ordinal tells its changes apart.
        // log: the counter row. Revisions and epochs are taken from it inside the transaction that uses them.
        """
        CREATE TABLE documents (
            kind TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL,
            revision INTEGER NOT NULL, created INTEGER NOT NULL, schema_version INTEGER NOT NULL, entry_count INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (kind, scope, name));
        CREATE TABLE changes (
            revision INTEGER NOT NULL, ordinal INTEGER NOT NULL, at_ms INTEGER NOT NULL,
            kind TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, deleted INTEGER NOT NULL,
            PRIMARY KEY (revision, ordinal)) WITHOUT ROWID;
        CREATE TABLE entries (
            kind TEXT NOT NULL, scope TEXT NOT NULL, entry TEXT NOT NULL, value TEXT NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY (kind, scope, entry, value, name)) WITHOUT ROWID;
        CREATE INDEX entries_of_document ON entries (kind, scope, name);
        CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, epoch INTEGER NOT NULL, expires_ms INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE log (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, trimmed INTEGER NOT NULL, epoch INTEGER NOT NULL);
        INSERT INTO log VALUES (1, 0, 0, 0)
        """,
    ];
}
