using System.Buffers;
using System.Text;
using SQLitePCL;

namespace Longspan.Store.Sqlite;

/// <summary>A prepared statement. Bind, step, read; <see cref="Dispose"/> only resets it, so <c>using</c> is the normal way to hold one.</summary>
internal sealed class SqliteStatement(SqliteSession session, sqlite3_stmt handle) : IDisposable
{
    private const int StackBytes = 512;

    public SqliteStatement Bind(int index, long value)
    {
        session.Check(raw.sqlite3_bind_int64(handle, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
        {
            session.Check(raw.sqlite3_bind_null(handle, index));
            return this;
        }
        if (value.Length == 0)
        {
            // An empty span has no address, and SQLite takes that for NULL.
            session.Check(raw.sqlite3_bind_text(handle, index, ""));
            return this;
        }
        var maximum = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (maximum <= StackBytes)
        {
            Span<byte> stack = stackalloc byte[StackBytes];
            var written = Encoding.UTF8.GetBytes(value, stack);
            session.Check(raw.sqlite3_bind_text(handle, index, stack[..written]));
            return this;
        }
        var rented = ArrayPool<byte>.Shared.Rent(maximum);
        try
        {
            var written = Encoding.UTF8.GetBytes(value, rented);
            session.Check(raw.sqlite3_bind_text(handle, index, rented.AsSpan(0, written)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
        return this;
    }

    public SqliteStatement BindBlob(int index, ReadOnlySpan<byte> value)
    {
        session.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, index, 0) : raw.sqlite3_bind_blob(handle, index, value));
        return this;
    }

    /// <summary>True when a row is ready.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }
        if (code != raw.SQLITE_DONE)
        {
            _ = raw.sqlite3_reset(handle);
            session.Check(code);
        }
        return false;
    }

    /// <summary>Steps a statement that yields no rows and resets it.</summary>
    public void Run()
    {
        try
        {
            Step();
        }
        finally
        {
            Dispose();
        }
    }

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public string Text(int column)
    {
        // By length and not up to a NUL: a log message may hold one.
        var bytes = raw.sqlite3_column_blob(handle, column);
        return bytes.IsEmpty ? "" : Encoding.UTF8.GetString(bytes);
    }

    public byte[] Blob(int column) => raw.sqlite3_column_blob(handle, column).ToArray();

    public void Dispose() => _ = raw.sqlite3_reset(handle);

    internal void Close() => _ = raw.sqlite3_finalize(handle);
}
