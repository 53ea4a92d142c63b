using System.Security.Cryptography;
using Longspan.Store.Blobs;
using Longspan.Store.Files;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Store;

/// <summary>What every blob store must do.</summary>
public abstract class BlobStoreConformance : IAsyncLifetime
{
    private protected ManualClock Clock { get; } = new();

    protected BlobStore Blobs { get; private set; } = null!;

    protected abstract BlobStore Open();

    public virtual Task InitializeAsync()
    {
        Blobs = Open();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await Blobs.DisposeAsync();

    protected static byte[] Content(int length) => RandomNumberGenerator.GetBytes(length);

    protected static BlobDigest DigestOf(byte[] content) => BlobDigest.Of(SHA256.HashData(content));

    protected async Task<byte[]?> ReadAsync(BlobDigest digest, long offset = 0, long? length = null)
    {
        await using var reading = await Blobs.OpenAsync(digest, default, offset, length);
        if (reading is null)
        {
            return null;
        }
        using var bytes = new MemoryStream();
        await reading.Content.CopyToAsync(bytes);
        Assert.Equal(reading.Length, bytes.Length);
        return bytes.ToArray();
    }

    protected async Task<List<BlobDigest>> AllAsync()
    {
        var all = new List<BlobDigest>();
        await foreach (var entry in Blobs.ListAsync(default))
        {
            Assert.Equal(entry.Size, await Blobs.SizeAsync(entry.Digest, default));
            all.Add(entry.Digest);
        }
        return all;
    }

    [Fact]
    public async Task AnUploadInPiecesBecomesAContent()
    {
        var content = Content(700_000);
        var id = (await Blobs.BeginUploadAsync(default))!;
        Assert.Equal(0, await Blobs.UploadSizeAsync(id, default));
        Assert.Equal(new UploadAnswer(UploadStatus.Ok, 300_000), await Blobs.AppendAsync(id, 0, new MemoryStream(content, 0, 300_000), default));
        Assert.Equal(300_000, await Blobs.UploadSizeAsync(id, default));
        Assert.Equal(new UploadAnswer(UploadStatus.Ok, 700_000), await Blobs.AppendAsync(id, null, new MemoryStream(content, 300_000, 400_000), default));
        Assert.Null(await Blobs.SizeAsync(DigestOf(content), default));
        Assert.Equal(new UploadAnswer(UploadStatus.Ok, 700_000), await Blobs.FinishUploadAsync(id, DigestOf(content), default));
        Assert.Equal(content, await ReadAsync(DigestOf(content)));
        Assert.Null(await Blobs.UploadSizeAsync(id, default));
        Assert.Equal(UploadStatus.NoSuchUpload, (await Blobs.FinishUploadAsync(id, DigestOf(content), default)).Status);
    }

    [Fact]
    public async Task APieceElsewhereThanAtTheEndIsRefused()
    {
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Blobs.AppendAsync(id, 0, new MemoryStream(Content(10)), default);
        Assert.Equal(new UploadAnswer(UploadStatus.WrongOffset, 10), await Blobs.AppendAsync(id, 5, new MemoryStream(Content(10)), default));
        Assert.Equal(new UploadAnswer(UploadStatus.WrongOffset, 10), await Blobs.AppendAsync(id, 11, new MemoryStream(Content(10)), default));
        Assert.Equal(10, await Blobs.UploadSizeAsync(id, default));
    }

    [Fact]
    public async Task AWrongDigestPublishesNothing()
    {
        var content = Content(1000);
        var other = DigestOf(Content(1000));
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Blobs.AppendAsync(id, 0, new MemoryStream(content), default);
        Assert.Equal(UploadStatus.DigestMismatch, (await Blobs.FinishUploadAsync(id, other, default)).Status);
        Assert.Null(await ReadAsync(other));
        Assert.Null(await ReadAsync(DigestOf(content)));
        Assert.Null(await Blobs.UploadSizeAsync(id, default));
        Assert.Empty(await AllAsync());
    }

    [Fact]
    public async Task ABrokenPieceKeepsWhatArrivedAndIsResumed()
    {
        var content = Content(400_000);
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Assert.ThrowsAsync<IOException>(async () => await Blobs.AppendAsync(id, 0, new BrokenStream(content.AsMemory(0, 150_000)), default));
        var reached = (await Blobs.UploadSizeAsync(id, default))!.Value;
        Assert.Equal(150_000, reached);
        await Blobs.AppendAsync(id, reached, new MemoryStream(content, (int)reached, content.Length - (int)reached), default);
        Assert.Equal(UploadStatus.Ok, (await Blobs.FinishUploadAsync(id, DigestOf(content), default)).Status);
        Assert.Equal(content, await ReadAsync(DigestOf(content)));
    }

    [Fact]
    public async Task OneAppendAtATime()
    {
        var id = (await Blobs.BeginUploadAsync(default))!;
        using var slow = new GatedStream();
        var first = Blobs.AppendAsync(id, 0, slow, default).AsTask();
        await slow.Reading.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(UploadStatus.Busy, (await Blobs.AppendAsync(id, null, new MemoryStream([1]), default)).Status);
        Assert.Equal(UploadStatus.Busy, (await Blobs.FinishUploadAsync(id, DigestOf([]), default)).Status);
        Assert.False(await Blobs.CancelUploadAsync(id, default));
        // The store's own sweep is due as well, and spares it too.
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await Blobs.SweepUploadsAsync(TimeSpan.FromHours(1), default));
        slow.Open();
        Assert.Equal(UploadStatus.Ok, (await first).Status);
    }

    [Fact]
    public async Task AnEmptyContentIsAContent()
    {
        var id = (await Blobs.BeginUploadAsync(default))!;
        Assert.Equal(UploadStatus.Ok, (await Blobs.FinishUploadAsync(id, DigestOf([]), default)).Status);
        Assert.Empty((await ReadAsync(DigestOf([])))!);
        Assert.Equal(0, await Blobs.SizeAsync(DigestOf([]), default));
    }

    [Fact]
    public async Task PartsAreRead()
    {
        var content = Content(5000);
        var digest = await Blobs.PutAsync(content, default);
        Assert.Equal(DigestOf(content), digest);
        Assert.Equal(content[1000..], await ReadAsync(digest, 1000));
        Assert.Equal(content[1000..1500], await ReadAsync(digest, 1000, 500));
        Assert.Equal(content[4900..], await ReadAsync(digest, 4900, 500));
        Assert.Empty((await ReadAsync(digest, 6000))!);
        Assert.Empty((await ReadAsync(digest, 10, 0))!);
        await using var reading = await Blobs.OpenAsync(digest, default, 4900, 500);
        Assert.Equal((5000, 4900, 100), (reading!.Size, reading.Offset, reading.Length));
    }

    [Fact]
    public async Task TheSameContentIsKeptOnceAndDeletedOnce()
    {
        var content = Content(100);
        var digest = await Blobs.PutAsync(content, default);
        Assert.Equal(digest, await Blobs.PutAsync(content, default));
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Blobs.AppendAsync(id, 0, new MemoryStream(content), default);
        Assert.Equal(UploadStatus.Ok, (await Blobs.FinishUploadAsync(id, digest, default)).Status);
        Assert.Equal([digest], await AllAsync());
        Assert.True(await Blobs.DeleteAsync(digest, default));
        Assert.False(await Blobs.DeleteAsync(digest, default));
        Assert.Null(await ReadAsync(digest));
        Assert.Empty(await AllAsync());
    }

    [Fact]
    public async Task AReadingSurvivesDeletion()
    {
        var content = Content(100_000);
        var digest = await Blobs.PutAsync(content, default);
        await using var reading = await Blobs.OpenAsync(digest, default);
        await Blobs.DeleteAsync(digest, default);
        using var bytes = new MemoryStream();
        await reading!.Content.CopyToAsync(bytes);
        Assert.Equal(content, bytes.ToArray());
    }

    [Fact]
    public async Task AbandonedUploadsAreSweptAndUsedOnesAreNot()
    {
        var abandoned = (await Blobs.BeginUploadAsync(default))!;
        var used = (await Blobs.BeginUploadAsync(default))!;
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Blobs.AppendAsync(used, 0, new MemoryStream([1, 2, 3]), default);
        Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(1, await Blobs.SweepUploadsAsync(TimeSpan.FromMinutes(45), default));
        Assert.Null(await Blobs.UploadSizeAsync(abandoned, default));
        Assert.Equal(3, await Blobs.UploadSizeAsync(used, default));
    }

    [Fact]
    public async Task CancelledAndUnknownUploadsAreGone()
    {
        var id = (await Blobs.BeginUploadAsync(default))!;
        Assert.True(await Blobs.CancelUploadAsync(id, default));
        Assert.False(await Blobs.CancelUploadAsync(id, default));
        foreach (var unknown in new[] { id, "", "..", "../sha256", "/etc/passwd", new string('a', 32) })
        {
            Assert.Null(await Blobs.UploadSizeAsync(unknown, default));
            Assert.Equal(UploadStatus.NoSuchUpload, (await Blobs.AppendAsync(unknown, null, new MemoryStream([1]), default)).Status);
        }
    }

    [Fact]
    public async Task ResetLeavesNothing()
    {
        var digest = await Blobs.PutAsync(Content(10), default);
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Blobs.ResetAsync(default);
        Assert.Null(await ReadAsync(digest));
        Assert.Null(await Blobs.UploadSizeAsync(id, default));
        Assert.Empty(await AllAsync());
        var again = await Blobs.PutAsync(Content(10), default);
        Assert.Equal([again], await AllAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../../../../..")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85/")]
    public void OnlyARealDigestIsOne(string? text) => Assert.False(BlobDigest.TryParse(text, out _));

    private sealed class BrokenStream(ReadOnlyMemory<byte> until) : MemoryStream(until.ToArray())
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 ? read : throw new IOException("The sender is gone.");
        }
    }

    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reading => reading.Task;

        public void Open() => opened.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            reading.TrySetResult();
            await opened.Task;
            return 0;
        }
    }
}

public sealed class FileBlobStoreTests : BlobStoreConformance, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("longspan-blobs-");

    protected override BlobStore Open() => FileBlobStore.Open(folder.FullName, Clock, new FileBlobSettings { Uploads = 8, ContentBytes = 1_000_000 });

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task ARestartLeavesContentsAndNoTraceOfCutUploads()
    {
        var content = Content(1000);
        var digest = await Blobs.PutAsync(content, default);
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Blobs.AppendAsync(id, 0, new MemoryStream(Content(5000)), default);
        // A process that dies removes nothing itself: put a file back where it would have left one.
        await Blobs.DisposeAsync();
        await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "uploads", id), Content(5000));
        await InitializeAsync();
        Assert.Null(await Blobs.UploadSizeAsync(id, default));
        Assert.Equal(content, await ReadAsync(digest));
        await Blobs.DisposeAsync();
        Assert.Equal([digest.Hex], folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Name));
        await InitializeAsync();
    }

    [Fact]
    public async Task TheStoreSweepsByItself()
    {
        var id = (await Blobs.BeginUploadAsync(default))!;
        await Blobs.AppendAsync(id, 0, new MemoryStream(Content(5000)), default);
        Clock.Advance(FileBlobSettings.Default.UploadLife - TimeSpan.FromSeconds(1));
        Assert.Equal(5000, await Blobs.UploadSizeAsync(id, default));
        Clock.Advance(FileBlobSettings.Default.SweepEvery);
        Assert.Null(await Blobs.UploadSizeAsync(id, default));
        Assert.Empty(folder.EnumerateFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task UploadsAreBoundedInNumberAndSize()
    {
        var ids = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            ids.Add((await Blobs.BeginUploadAsync(default))!);
        }
        Assert.Null(await Blobs.BeginUploadAsync(default));
        Assert.Equal(UploadStatus.TooLarge, (await Blobs.AppendAsync(ids[0], 0, new MemoryStream(Content(1_000_001)), default)).Status);
        Assert.True(await Blobs.CancelUploadAsync(ids[0], default));
        Assert.NotNull(await Blobs.BeginUploadAsync(default));
    }
}
