using SQLitePCL;

namespace Longspan.Store.Sqlite;

/// <summary>
/// One SQLite connection and its prepared statements, used by one thread at a time. It talks to the library underneath
/// Microsoft.Data.Sqlite directly: the store reads and writes a handful of fixed statements very often, and binding them without a
/// command object, parameter objects and boxing is what makes a read cost microseconds and a group of 256 commits a few milliseconds.
/// </summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly sqlite3 database;
    private readonly Dictionary<string, SqliteStatement> statements = new(StringComparer.Ordinal);

    static SqliteSession() => Batteries_V2.Init();

    private SqliteSession(sqlite3 database) => this.database = database;

    public static SqliteSession OpenWriter(string path)
    {
        var session = Open(path, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        try
        {
            session.Execute("PRAGMA journal_mode=WAL");
            session.Execute("PRAGMA synchronous=FULL");
            session.Execute("PRAGMA wal_autocheckpoint=4000");
            session.Execute("PRAGMA journal_size_limit=67108864");
            session.Execute("PRAGMA temp_store=MEMORY");
            session.Execute("PRAGMA cache_size=-16384");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public static SqliteSession OpenReader(string path)
    {
        var session = Open(path, raw.SQLITE_OPEN_READWRITE);
        session.Execute("PRAGMA query_only=1");
        session.Execute("PRAGMA cache_size=-4096");
        return session;
    }

    private static SqliteSession Open(string path, int flags)
    {
        var code = raw.sqlite3_open_v2(path, out var database, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        var session = new SqliteSession(database);
        if (code != raw.SQLITE_OK)
        {
            var message = raw.sqlite3_errmsg(database).utf8_to_string();
            session.Dispose();
            throw new SqliteFault(code, $"Cannot open {path}: {message}");
        }
        _ = raw.sqlite3_extended_result_codes(database, 1);
        // In WAL mode only a checkpoint or recovery makes anyone wait, and those are short.
        _ = raw.sqlite3_busy_timeout(database, 5000);
        return session;
    }

    /// <summary>The prepared statement of this text, reset and ready to be bound.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            Check(raw.sqlite3_prepare_v3(database, sql, (uint)raw.SQLITE_PREPARE_PERSISTENT, out var handle));
            statement = new SqliteStatement(this, handle);
            statements.Add(sql, statement);
        }
        return statement;
    }

    /// <summary>Runs statements without results or parameters: transactions, pragmas, schema.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(database, sql));

    public long Scalar(string sql)
    {
        using var row = Prepare(sql);
        return row.Step() ? row.Int64(0) : 0;
    }

    /// <summary>Rows touched by the last statement.</summary>
    public int Changes => raw.sqlite3_changes(database);

    public long LastInsertedRow => raw.sqlite3_last_insert_rowid(database);

    public bool InTransaction => raw.sqlite3_get_autocommit(database) == 0;

    /// <summary>Undoes an open transaction; harmless when the engine has already done so.</summary>
    public void RollbackIfOpen()
    {
        if (InTransaction)
        {
            foreach (var statement in statements.Values)
            {
                statement.Dispose();
            }
            _ = raw.sqlite3_exec(database, "ROLLBACK");
        }
    }

    internal void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw new SqliteFault(code, raw.sqlite3_errmsg(database).utf8_to_string());
        }
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Close();
        }
        statements.Clear();
        _ = raw.sqlite3_close_v2(database);
    }
}

/// <summary>SQLite refused: disk full, I/O error, corrupt file. Never an ordinary outcome.</summary>
public sealed class SqliteFault(int code, string message) : IOException($"SQLite {code}: {message}")
{
    public int Code { get; } = code;
    /// <summary>SQLite's words.</summary>
    public string Reason { get; } = message;
    /// <summary>The file is not what was written to it.</summary>
    public bool IsDamage => (Code & 0xFF) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
}
