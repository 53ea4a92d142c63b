using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Longspan.Store.Blobs;

namespace Longspan.Store.Files;

/// <summary>The bounds of <see cref="FileBlobStore"/>.</summary>
public sealed record FileBlobSettings
{
    public static FileBlobSettings Default { get; } = new();

    /// <summary>Uploads that may be open at a time.</summary>
    public int Uploads { get; init; } = 1024;
    /// <summary>Largest content; the registry we stand in for takes layers up to 52,000 MiB.</summary>
    public long ContentBytes { get; init; } = 52_000L * 1024 * 1024;
    /// <summary>An upload that nobody touched for this long is removed.</summary>
    public TimeSpan UploadLife { get; init; } = TimeSpan.FromHours(1);
    /// <summary>How often the store looks for such uploads.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// Contents as files.
/// <code>
/// sha256/ab/ab12…   contents, by the first two digits of their digest
/// uploads/ID        what is coming in
/// trash/N           what a reset put aside, being deleted
/// </code>
/// A content becomes visible by a rename after its bytes are synced, and is acknowledged after its directory is synced; so a file under
/// <c>sha256</c> is always whole.
/// </summary>
public sealed class FileBlobStore : BlobStore
{
    private readonly string contents;
    private readonly string uploadsFolder;
    private readonly string trash;
    private readonly string root;
    private readonly TimeProvider clock;
    private readonly FileBlobSettings settings;
    private readonly ConcurrentDictionary<string, FileUpload> uploads = new(StringComparer.Ordinal);
    private readonly Lock layout = new();
    private readonly ITimer sweeping;
    private Task emptying = Task.CompletedTask;

    private FileBlobStore(string root, TimeProvider clock, FileBlobSettings settings)
    {
        this.root = root;
        this.clock = clock;
        this.settings = settings;
        contents = Path.Combine(root, BlobDigest.Algorithm);
        uploadsFolder = Path.Combine(root, "uploads");
        trash = Path.Combine(root, "trash");
        sweeping = clock.CreateTimer(_ => SweepQuietly(), null, settings.SweepEvery, settings.SweepEvery);
    }

    /// <summary>Opens the folder, and removes what uploads and resets of an earlier process left.</summary>
    public static FileBlobStore Open(string root, TimeProvider clock, FileBlobSettings? settings = null)
    {
        var store = new FileBlobStore(Path.GetFullPath(root), clock, settings ?? FileBlobSettings.Default);
        Directory.CreateDirectory(store.contents);
        Directory.CreateDirectory(store.trash);
        store.PutAside(store.uploadsFolder);
        Directory.CreateDirectory(store.uploadsFolder);
        PrivateFiles.TightenFolder(store.root);
        FileSync.Directory(store.root);
        store.emptying = Task.Run(store.EmptyTrash);
        return store;
    }

    public override ValueTask<string?> BeginUploadAsync(CancellationToken stop)
    {
        if (uploads.Count >= settings.Uploads)
        {
            return ValueTask.FromResult<string?>(null);
        }
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        uploads[id] = new FileUpload(Path.Combine(uploadsFolder, id), clock.GetUtcNow());
        return ValueTask.FromResult<string?>(id);
    }

    public override ValueTask<long?> UploadSizeAsync(string uploadId, CancellationToken stop) =>
        ValueTask.FromResult(uploads.TryGetValue(uploadId, out var upload) ? upload.Size : (long?)null);

    public override async ValueTask<UploadAnswer> AppendAsync(string uploadId, long? offset, Stream content, CancellationToken stop)
    {
        if (Enter(uploadId, out var upload) is { } refusal)
        {
            return refusal;
        }
        try
        {
            if (offset is { } start && start != upload.Size)
            {
                return new UploadAnswer(UploadStatus.WrongOffset, upload.Size);
            }
            var status = await upload.AppendAsync(content, settings.ContentBytes, clock, stop).ConfigureAwait(false);
            return new UploadAnswer(status, upload.Size);
        }
        finally
        {
            upload.Leave(clock.GetUtcNow());
        }
    }

    public override ValueTask<UploadAnswer> FinishUploadAsync(string uploadId, BlobDigest claimed, CancellationToken stop)
    {
        if (Enter(uploadId, out var upload) is { } refusal)
        {
            return ValueTask.FromResult(refusal);
        }
        try
        {
            if (upload.Digest() != claimed)
            {
                return ValueTask.FromResult(new UploadAnswer(UploadStatus.DigestMismatch, upload.Size));
            }
            upload.Sync();
            Publish(upload.Path, claimed);
            return ValueTask.FromResult(new UploadAnswer(UploadStatus.Ok, upload.Size));
        }
        finally
        {
            Discard(uploadId, upload);
        }
    }

    public override ValueTask<bool> CancelUploadAsync(string uploadId, CancellationToken stop)
    {
        if (Enter(uploadId, out var upload) is not null)
        {
            return ValueTask.FromResult(false);
        }
        Discard(uploadId, upload);
        return ValueTask.FromResult(true);
    }

    public override ValueTask<int> SweepUploadsAsync(TimeSpan untouched, CancellationToken stop) => ValueTask.FromResult(Sweep(untouched));

    private void SweepQuietly()
    {
        try
        {
            Sweep(settings.UploadLife);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be deleted now goes with the next start.
        }
    }

    private int Sweep(TimeSpan untouched)
    {
        var before = clock.GetUtcNow() - untouched;
        var swept = 0;
        foreach (var (id, upload) in uploads)
        {
            // One that is being appended to right now is not abandoned, however slow it is.
            if (upload.Touched <= before && upload.TryEnter())
            {
                Discard(id, upload);
                swept++;
            }
        }
        return swept;
    }

    public override ValueTask<BlobDigest> PutAsync(ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        var digest = BlobDigest.Of(SHA256.HashData(content.Span));
        if (File.Exists(PathOf(digest)))
        {
            // Whoever wrote it may not have come to its directory yet.
            FileSync.Directory(Path.GetDirectoryName(PathOf(digest))!);
        }
        else
        {
            var path = Path.Combine(uploadsFolder, RandomNumberGenerator.GetHexString(32, lowercase: true));
            try
            {
                using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
                {
                    file.Write(content.Span);
                    file.Flush(flushToDisk: true);
                }
                Publish(path, digest);
            }
            finally
            {
                File.Delete(path);
            }
        }
        return ValueTask.FromResult(digest);
    }

    public override ValueTask<long?> SizeAsync(BlobDigest digest, CancellationToken stop)
    {
        var file = new FileInfo(PathOf(digest));
        return ValueTask.FromResult(file.Exists ? file.Length : (long?)null);
    }

    public override ValueTask<BlobReading?> OpenAsync(BlobDigest digest, CancellationToken stop, long offset = 0, long? length = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        FileStream file;
        try
        {
            file = new FileStream(PathOf(digest), new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.Read | FileShare.Delete,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                BufferSize = 0,
            });
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return ValueTask.FromResult<BlobReading?>(null);
        }
        var size = file.Length;
        var start = Math.Min(offset, size);
        var part = Math.Clamp(length ?? size, 0, size - start);
        file.Position = start;
        Stream content = part == size ? file : new PartStream(file, part);
        return ValueTask.FromResult<BlobReading?>(new BlobReading(content, size, start, part));
    }

    public override ValueTask<bool> DeleteAsync(BlobDigest digest, CancellationToken stop)
    {
        var path = PathOf(digest);
        var existed = File.Exists(path);
        if (existed)
        {
            File.Delete(path);
        }
        return ValueTask.FromResult(existed);
    }

    public override async IAsyncEnumerable<BlobEntry> ListAsync([EnumeratorCancellation] CancellationToken stop)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var file in new DirectoryInfo(contents).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            stop.ThrowIfCancellationRequested();
            if (BlobDigest.TryParse($"{BlobDigest.Algorithm}:{file.Name}", out var digest) && file.Exists)
            {
                yield return new BlobEntry(digest, file.Length, new DateTimeOffset(file.LastWriteTimeUtc));
            }
        }
    }

    public override ValueTask ResetAsync(CancellationToken stop)
    {
        foreach (var (id, upload) in uploads)
        {
            if (upload.TryEnter())
            {
                Discard(id, upload);
            }
            else
            {
                // Its appender still writes to an unnamed file; nothing finds the upload any more.
                uploads.TryRemove(id, out _);
                File.Delete(upload.Path);
            }
        }
        lock (layout)
        {
            // Renaming is quick however much there is; deleting goes on behind.
            PutAside(contents);
            Directory.CreateDirectory(contents);
            FileSync.Directory(root);
            emptying = emptying.ContinueWith(_ => EmptyTrash(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        return ValueTask.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await sweeping.DisposeAsync().ConfigureAwait(false);
        await emptying.ConfigureAwait(false);
        foreach (var (id, upload) in uploads)
        {
            Discard(id, upload);
        }
    }

    private UploadAnswer? Enter(string uploadId, out FileUpload upload)
    {
        if (!uploads.TryGetValue(uploadId, out upload!))
        {
            return new UploadAnswer(UploadStatus.NoSuchUpload, 0);
        }
        if (!upload.TryEnter())
        {
            return new UploadAnswer(UploadStatus.Busy, upload.Size);
        }
        if (!uploads.ContainsKey(uploadId))
        {
            // Finished or swept between the look-up and the entry.
            return new UploadAnswer(UploadStatus.NoSuchUpload, 0);
        }
        return null;
    }

    /// <summary>The caller has entered the upload and never leaves it, so nobody else gets in.</summary>
    private void Discard(string id, FileUpload upload)
    {
        uploads.TryRemove(id, out _);
        upload.Dispose();
        File.Delete(upload.Path);
    }

    private void Publish(string syncedFile, BlobDigest digest)
    {
        var path = PathOf(digest);
        var folder = Path.GetDirectoryName(path)!;
        lock (layout)
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                FileSync.Directory(contents);
            }
            File.Move(syncedFile, path, overwrite: true);
            FileSync.Directory(folder);
        }
    }

    private void PutAside(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Move(folder, Path.Combine(trash, RandomNumberGenerator.GetHexString(16, lowercase: true)));
        }
    }

    private void EmptyTrash()
    {
        try
        {
            foreach (var folder in Directory.EnumerateDirectories(trash))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next start tries again.
        }
    }

    private string PathOf(BlobDigest digest)
    {
        var hex = digest.Hex ?? throw new ArgumentException("An empty digest names nothing.", nameof(digest));
        return Path.Combine(contents, hex[..2], hex);
    }
}
