using System.Security.Cryptography;
using Longspan.Store;
using Longspan.Store.Documents;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>Where the sealing key comes from, and moving a data folder to another one.</summary>
public sealed class ResealingTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longspan-reseal-");

    private string KeyFile => Path.Combine(folder.FullName, "keys", "seal.key");

    private string NextFile => Path.Combine(folder.FullName, "keys", "seal.key.next");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task EverySecretIsSealedAnewAndNothingElseChanges()
    {
        // More than one batch of them.
        const int Count = 1203;
        await WriteAsync(Count);
        var old = await File.ReadAllBytesAsync(KeyFile);
        long revision;
        await using (var store = await OpenAsync())
        {
            revision = store.Documents.Revision;
        }
        Assert.Equal(Count, await ResealAsync());

        var made = await File.ReadAllBytesAsync(KeyFile);
        Assert.NotEqual(old, made);
        Assert.False(File.Exists(NextFile));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        }
        await using (var store = await OpenAsync())
        {
            Assert.Equal(revision, store.Documents.Revision);
            Assert.Equal("plain", (await store.Documents.GetAsync(Plain, Scope, "plain", default))!.Value.Text);
            Assert.Equal(
                Enumerable.Range(0, Count).Select(i => $"secret-{i}").Order(StringComparer.Ordinal),
                (await store.Documents.ListAsync(Secret, Scope, default)).Select(d => d.Value.Text).Order(StringComparer.Ordinal));
        }
        // Nothing in the files names the old key any more: not even pages that are free now.
        var (oldId, newId) = (SHA256.HashData(old)[..4], SHA256.HashData(made)[..4]);
        var files = Directory.EnumerateFiles(folder.FullName, "documents.db*").Select(File.ReadAllBytes).ToList();
        Assert.DoesNotContain(files, content => content.AsSpan().IndexOf((byte[])[1, .. oldId]) >= 0);
        Assert.Contains(files, content => content.AsSpan().IndexOf((byte[])[1, .. newId]) >= 0);
        Assert.Equal(0, await CountSealedWithAsync(old));
    }

    /// <summary>The state of a crash after some documents: both keys on disk, documents of both. No server starts on it; the same call ends it.</summary>
    [Fact]
    public async Task WhatWasBegunIsFinished()
    {
        await WriteAsync(3);
        var old = await File.ReadAllBytesAsync(KeyFile);
        await ResealAsync();
        var next = await File.ReadAllBytesAsync(KeyFile);
        await File.WriteAllBytesAsync(KeyFile, old);
        await using (var store = await OpenAsync())
        {
            await store.Documents.CommitAsync(new Commit().Create(Secret, Scope, "late", new Sample("with the old key")), default);
        }
        await File.WriteAllBytesAsync(NextFile, next);

        var refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await OpenAsync());
        Assert.Contains("keys reseal", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, await ResealAsync());
        Assert.Equal(next, await File.ReadAllBytesAsync(KeyFile));
        await using var again = await OpenAsync();
        Assert.Equal(4, (await again.Documents.ListAsync(Secret, Scope, default)).Count);
    }

    [Fact]
    public async Task AFolderMovesToACommandsKeyAndBack()
    {
        await WriteAsync(2);
        var (first, second) = (Tell(RandomNumberGenerator.GetBytes(32)), Tell(RandomNumberGenerator.GetBytes(32)));
        Assert.Equal(2, await ResealAsync(null, first));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder.FullName, "keys")));
        Assert.Equal(2, await CountAsync(first));
        Assert.Equal(2, await ResealAsync(first, second));
        Assert.Equal(2, await CountAsync(second));
        await Assert.ThrowsAsync<SealException>(() => CountAsync(first));
        Assert.Equal(2, await ResealAsync(second));
        Assert.Equal(2, await CountAsync(null));
    }

    /// <summary>The state of a crash between the removal of the old key's file and of the mark.</summary>
    [Fact]
    public async Task AMoveToACommandEndsAlsoWithoutTheOldKey()
    {
        await WriteAsync(2);
        var command = Tell(RandomNumberGenerator.GetBytes(32));
        await ResealAsync(null, command);
        await File.WriteAllBytesAsync(NextFile, []);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await OpenAsync(command));
        Assert.Equal(0, await ResealAsync(null, command));
        Assert.Equal(2, await CountAsync(command));
    }

    [Fact]
    public async Task AFreshFolderWithACommandHasNoKeyFile()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        string[] hex = ["/bin/echo", Convert.ToHexString(key)];
        await WriteAsync(1, hex);
        Assert.False(File.Exists(KeyFile));
        Assert.Equal(1, await CountAsync(Tell(key)));

        await File.WriteAllBytesAsync(Directory.CreateDirectory(Path.GetDirectoryName(KeyFile)!) + "/seal.key", key);
        Assert.Contains("Delete it", (await Assert.ThrowsAsync<InvalidDataException>(async () => await OpenAsync(hex))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/bin/echo", "c2hvcnQ=", "told no key")]
    [InlineData("/bin/echo", "zz", "told no key")]
    [InlineData("/bin/false", "", "ended with code 1")]
    [InlineData("/no/such/program", "", "did not start")]
    [InlineData("/bin/cat", "/dev/zero", "told more than")]
    public async Task ACommandThatTellsNoKeyStopsTheStart(string program, string argument, string reason)
    {
        var refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await OpenAsync([program, argument]));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.FullName, "documents.db")));
    }

    [Fact]
    public async Task AFolderInUseOrWithoutDocumentsIsRefused()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => ResealAsync());
        await using var store = await OpenAsync();
        await Assert.ThrowsAsync<DataFolderInUseException>(() => ResealAsync());
        Assert.False(File.Exists(NextFile));
    }

    private static string[] Tell(byte[] key) => ["/bin/echo", Convert.ToBase64String(key)];

    private ValueTask<StoreFolder> OpenAsync(string[]? keyCommand = null) =>
        StoreFolder.OpenAsync(folder.FullName, TimeProvider.System, keyCommand: keyCommand);

    private Task<int> ResealAsync(string[]? keyCommand = null, string[]? newKeyCommand = null) =>
        Resealing.RunAsync(folder.FullName, keyCommand, newKeyCommand, default).AsTask();

    private async Task WriteAsync(int secrets, string[]? keyCommand = null)
    {
        await using var store = await OpenAsync(keyCommand);
        await store.Documents.CommitAsync(new Commit().Create(Plain, Scope, "plain", new Sample("plain")), default);
        foreach (var chunk in Enumerable.Range(0, secrets).Chunk(Commit.MaximumWrites))
        {
            var commit = new Commit();
            foreach (var i in chunk)
            {
                commit.Create(Secret, Scope, $"{i}", new Sample($"secret-{i}"));
            }
            Assert.True((await store.Documents.CommitAsync(commit, default)).Committed);
        }
    }

    private async Task<int> CountAsync(string[]? keyCommand)
    {
        await using var store = await OpenAsync(keyCommand);
        return (await store.Documents.ListAsync(Secret, Scope, default)).Count;
    }

    private async Task<int> CountSealedWithAsync(byte[] key)
    {
        using var sealer = new Sealer(key);
        await using var backend = new Longspan.Store.Sqlite.SqliteDocumentBackend(Path.Combine(folder.FullName, "documents.db"));
        await backend.OpenAsync(default);
        return (await backend.ListAsync(new DocumentRange(Secret.Name, "", true, "", null, int.MaxValue), default))
            .Count(document => sealer.HasSealed(document.Body.Span));
    }
}
