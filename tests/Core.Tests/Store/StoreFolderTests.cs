using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Sqlite.Messages;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

public sealed class StoreFolderTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longspan-store-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task WhatWasCommittedIsThereAfterReopening()
    {
        long revision;
        await using (var first = await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System))
        {
            var result = await first.Documents.CommitAsync(
                new Commit().Create(Plain, Scope, "a", new Sample("one")).Create(Secret, Scope, "b", new Sample("two")), default);
            Assert.True(result.Committed);
            revision = result.Revision;
        }
        await using var second = await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System);
        Assert.Equal(revision, second.Documents.Revision);
        Assert.Equal("one", (await second.Documents.GetAsync(Plain, Scope, "a", default))!.Value.Text);
        Assert.Equal("two", (await second.Documents.GetAsync(Secret, Scope, "b", default))!.Value.Text);
    }

    [Fact]
    public async Task ASecondOpeningIsRefusedAndNamesFolderAndProcess()
    {
        await using var first = await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System);
        var refusal = await Assert.ThrowsAsync<DataFolderInUseException>(async () => await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System));
        Assert.Equal(Environment.ProcessId, refusal.ProcessId);
        Assert.Contains(folder.FullName, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEmptyFolderBecomesPrivateAndAUsedOneStaysAsItsOwnerSetIt()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode Shared = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        File.SetUnixFileMode(folder.FullName, Shared);
        await using (await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System))
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder.FullName));
        }
        File.SetUnixFileMode(folder.FullName, Shared);
        await using (await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System))
        {
            Assert.Equal(Shared, File.GetUnixFileMode(folder.FullName));
        }
    }

    [Fact]
    public async Task WhatAnEarlierBuildLeftReadableBecomesPrivate()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        const UnixFileMode Readable = Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode Browsable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var messages = Path.Combine(folder.FullName, "messages");
        await using (await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System))
        await using (SqliteMessageBackend.Open(messages, TimeProvider.System))
        {
        }
        var published = Path.Combine(folder.FullName, "ca.pem");
        await File.WriteAllTextAsync(published, "certificate");
        // Left by a server that was killed.
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "records.db-wal"), "");
        string[] files = [.. Directory.EnumerateFiles(folder.FullName, "*.db*"), .. Directory.EnumerateFiles(messages)];
        string[] folders = [messages, Path.Combine(folder.FullName, "blobs")];
        foreach (var file in files.Append(published))
        {
            File.SetUnixFileMode(file, Readable);
        }
        foreach (var inner in folders)
        {
            File.SetUnixFileMode(inner, Browsable);
        }

        await using (await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System))
        await using (SqliteMessageBackend.Open(messages, TimeProvider.System))
        {
            // SQLite gives the logs that it makes the mode of their database.
            foreach (var file in files.Union(Directory.EnumerateFiles(folder.FullName, "*.db*")).Where(File.Exists))
            {
                Assert.Equal((file, Owner), (file, File.GetUnixFileMode(file)));
            }
            foreach (var inner in folders)
            {
                Assert.Equal((inner, Owner | UnixFileMode.UserExecute), (inner, File.GetUnixFileMode(inner)));
            }
            // For whoever has to trust the server; its writer gave it this mode on purpose.
            Assert.Equal(Readable, File.GetUnixFileMode(published));
        }
    }

    [Fact]
    public async Task TheKeyFileIsPrivateAndItsLossIsNotPaperedOver()
    {
        await using (await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System))
        {
        }
        var key = Path.Combine(folder.FullName, "keys", "seal.key");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }
        File.Delete(key);
        var refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await StoreFolder.OpenAsync(folder.FullName, TimeProvider.System));
        Assert.Contains("seal.key", refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(key));
    }
}
