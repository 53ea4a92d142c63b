namespace Longspan.Store.Sqlite;

internal static class SqliteRecordSchema
{
    /// <summary>Numbered by position, forward only, never edited once released.</summary>
    public static IReadOnlyList<string> Steps { get; } =
    [
        // events: ids rise with arrival, so inserts append. by_stream and by_group give time order in one stream and across a group; the
        // latter carries the stream so that a filter by stream needs no look at the event.
        // streams: sums kept with every batch, so that describing streams never counts events. doomed: removed streams whose events are
        // still to be purged.
        """
        CREATE TABLE groups (id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (scope, name));
        CREATE TABLE streams (
            id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, name TEXT NOT NULL,
            events INTEGER NOT NULL, bytes INTEGER NOT NULL, first_ms INTEGER, last_ms INTEGER, ingested_ms INTEGER,
            UNIQUE (group_id, name));
        CREATE TABLE events (
            id INTEGER PRIMARY KEY, stream_id INTEGER NOT NULL, group_id INTEGER NOT NULL,
            at_ms INTEGER NOT NULL, ingested_ms INTEGER NOT NULL, message TEXT NOT NULL);
        CREATE INDEX by_stream ON events (stream_id, at_ms, id);
        CREATE INDEX by_group ON events (group_id, at_ms, id, stream_id);
        CREATE TABLE producers (
            stream_id INTEGER NOT NULL, producer TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (stream_id, producer)) WITHOUT ROWID;
        CREATE TABLE doomed (stream_id INTEGER PRIMARY KEY);
        CREATE TABLE store (id INTEGER PRIMARY KEY CHECK (id = 1), last_event INTEGER NOT NULL);
        INSERT INTO store VALUES (1, 0)
        """,
    ];
}
