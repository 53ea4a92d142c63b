using System.Collections.Concurrent;
using Longspan.Store.Documents;

namespace Longspan.Store.Sqlite;

/// <summary>
/// A SQLite database file as this project uses it: write-ahead log with full sync, one writer session that its owner serializes, and a
/// bounded pool of reader sessions, opened when first needed. The folder's lock keeps every other process out; see
/// <see cref="StoreFolder"/>.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly ConcurrentBag<SqliteSession> idle = [];
    private readonly SemaphoreSlim permits;
    private readonly string path;
    private volatile bool closed;

    private SqliteFile(string path, SqliteSession writer, int readers)
    {
        this.path = path;
        Writer = writer;
        permits = new SemaphoreSlim(readers, readers);
    }

    public SqliteSession Writer { get; }

    /// <summary>Opens the file and takes its schema forward. Steps are numbered by position and only ever added to.</summary>
    public static SqliteFile Open(string path, IReadOnlyList<string> schemaSteps, int readers)
    {
        try
        {
            return OpenFile(path, schemaSteps, readers);
        }
        catch (SqliteFault fault)
        {
            throw new SqliteFault(fault.Code, $"{path}: {fault.Reason}");
        }
    }

    private static SqliteFile OpenFile(string path, IReadOnlyList<string> schemaSteps, int readers)
    {
        var writer = SqliteSession.OpenWriter(path);
        try
        {
            var version = (int)writer.Scalar("PRAGMA user_version");
            if (version > schemaSteps.Count)
            {
                throw new InvalidDataException(
                    $"{path} has schema version {version}; this build knows versions up to {schemaSteps.Count}. Use a newer build.");
            }
            for (var step = version; step < schemaSteps.Count; step++)
            {
                writer.Execute($"BEGIN IMMEDIATE; {schemaSteps[step]}; PRAGMA user_version={step + 1}; COMMIT;");
            }
            return new SqliteFile(path, writer, readers);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Borrows a reader session; give it back by disposing the lease.</summary>
    public ValueTask<ReaderLease> ReadAsync(CancellationToken stop)
    {
        if (permits.Wait(0, stop))
        {
            return ValueTask.FromResult(Take());
        }
        return WaitAsync(stop);
    }

    private async ValueTask<ReaderLease> WaitAsync(CancellationToken stop)
    {
        await permits.WaitAsync(stop).ConfigureAwait(false);
        return Take();
    }

    /// <summary>One transaction on the writer, synced when this returns. Its owner calls it from one place at a time.</summary>
    public void Write(Action<SqliteSession> change)
    {
        Writer.Execute("BEGIN IMMEDIATE");
        try
        {
            change(Writer);
        }
        catch
        {
            Writer.RollbackIfOpen();
            throw;
        }
        try
        {
            Writer.Execute("COMMIT");
        }
        catch (SqliteFault fault)
        {
            Writer.RollbackIfOpen();
            throw new CommitUnknownException("The database failed while committing; the outcome is unknown.", fault);
        }
    }

    private ReaderLease Take()
    {
        try
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return new ReaderLease(this, idle.TryTake(out var session) ? session : SqliteSession.OpenReader(path));
        }
        catch
        {
            permits.Release();
            throw;
        }
    }

    private void GiveBack(SqliteSession session)
    {
        idle.Add(session);
        if (closed)
        {
            DrainIdle();
        }
        permits.Release();
    }

    private void DrainIdle()
    {
        while (idle.TryTake(out var session))
        {
            session.Dispose();
        }
    }

    public void Dispose()
    {
        if (closed)
        {
            return;
        }
        // Readers in flight close their own session when they give it back; the semaphore stays for them.
        closed = true;
        DrainIdle();
        Writer.Dispose();
    }

    internal readonly struct ReaderLease(SqliteFile owner, SqliteSession session) : IDisposable
    {
        public SqliteSession Session => session;

        public void Dispose() => owner.GiveBack(session);
    }
}
