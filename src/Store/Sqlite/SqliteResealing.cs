using Longspan.Store.Documents;

namespace Longspan.Store.Sqlite;

/// <summary>Seals the bodies of a document database with another key. Revisions stay: nothing that a reader can see changes.</summary>
internal static class SqliteResealing
{
    /// <summary>Documents looked at in one transaction.</summary>
    private const int BatchRows = 500;

    public static int Run(string path, Sealer from, Sealer to, CancellationToken stop)
    {
        using var file = SqliteFile.Open(path, SqliteDocumentSchema.Steps, readers: 1);
        var (count, after) = (0, 0L);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var rows = Read(file.Writer, after);
            if (rows.Count == 0)
            {
                break;
            }
            after = rows[^1].Row;
            file.Write(session =>
            {
                foreach (var (row, address, body) in rows.Where(row => Sealer.IsSealed(row.Body) && !to.HasSealed(row.Body)))
                {
                    session.Prepare("UPDATE documents SET body = ?2 WHERE rowid = ?1").Bind(1, row).BindBlob(2, to.Seal(address, from.Open(address, body))).Run();
                    count++;
                }
            });
        }
        // Overwritten bodies linger in free pages and in the write-ahead log.
        file.Writer.Execute("VACUUM");
        file.Writer.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        return count;
    }

    private static List<(long Row, DocumentKey Address, byte[] Body)> Read(SqliteSession session, long after)
    {
        using var rows = session.Prepare("SELECT rowid, kind, scope, name, body FROM documents WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
        rows.Bind(1, after).Bind(2, BatchRows);
        var found = new List<(long, DocumentKey, byte[])>();
        while (rows.Step())
        {
            found.Add((rows.Int64(0), new DocumentKey(rows.Text(1), rows.Text(2), rows.Text(3)), rows.Blob(4)));
        }
        return found;
    }
}
