using Longspan.Store.Sqlite;
using Xunit;

namespace Longspan.Core.Tests.Store;

public sealed class SqliteFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longspan-sqlite-");

    private string FilePath => Path.Combine(folder.FullName, "file.db");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void TheFileIsSyncedOnEveryCommit()
    {
        using var file = SqliteFile.Open(FilePath, [], readers: 1);
        const int Full = 2;
        Assert.Equal(Full, file.Writer.Scalar("PRAGMA synchronous"));
        using var mode = file.Writer.Prepare("PRAGMA journal_mode");
        Assert.True(mode.Step());
        Assert.Equal("wal", mode.Text(0));
    }

    [Fact]
    public void SchemaStepsRunOnceInOrderAndANewerFileIsRefused()
    {
        const string First = "CREATE TABLE one (x)";
        const string Second = "INSERT INTO one VALUES (1)";
        SqliteFile.Open(FilePath, [First], readers: 1).Dispose();
        SqliteFile.Open(FilePath, [First, Second], readers: 1).Dispose();
        using (var file = SqliteFile.Open(FilePath, [First, Second], readers: 1))
        {
            Assert.Equal(1, file.Writer.Scalar("SELECT count(*) FROM one"));
        }
        var refusal = Assert.Throws<InvalidDataException>(() => SqliteFile.Open(FilePath, [First], readers: 1));
        Assert.Contains("newer build", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStepThatFailsIsNotCounted()
    {
        Assert.Throws<SqliteFault>(() => SqliteFile.Open(FilePath, ["CREATE TABLE one (x); CREATE TABLE one (x)"], readers: 1));
        using var file = SqliteFile.Open(FilePath, ["CREATE TABLE one (x)"], readers: 1);
        Assert.Equal(0, file.Writer.Scalar("SELECT count(*) FROM one"));
    }

    [Fact]
    public void AFailedWriteLeavesNothingAndTheNextOneWorks()
    {
        using var file = SqliteFile.Open(FilePath, ["CREATE TABLE one (x INTEGER UNIQUE)"], readers: 1);
        Assert.Throws<SqliteFault>(() => file.Write(session =>
        {
            session.Prepare("INSERT INTO one VALUES (?1)").Bind(1, 1).Run();
            session.Prepare("INSERT INTO one VALUES (?1)").Bind(1, 1).Run();
        }));
        file.Write(session => session.Prepare("INSERT INTO one VALUES (?1)").Bind(1, 1).Run());
        Assert.Equal(1, file.Writer.Scalar("SELECT count(*) FROM one"));
    }

    [Fact]
    public async Task ReadersAreBoundedAndCannotWrite()
    {
        using var file = SqliteFile.Open(FilePath, ["CREATE TABLE one (x)"], readers: 1);
        var lease = await file.ReadAsync(default);
        Assert.Throws<SqliteFault>(() => lease.Session.Execute("INSERT INTO one VALUES (1)"));
        using var stop = new CancellationTokenSource();
        var waiting = file.ReadAsync(stop.Token).AsTask();
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = file.ReadAsync(default).AsTask();
        lease.Dispose();
        (await next).Dispose();
    }
}
