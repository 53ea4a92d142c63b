using System.Buffers;
using System.Security.Cryptography;
using Longspan.Store.Blobs;

namespace Longspan.Store.Files;

/// <summary>
/// One upload: its file and the hash of what the file holds. Hashing while bytes arrive spares reading a large layer again at the end.
/// Used by one call at a time; <see cref="TryEnter"/> guards that.
/// </summary>
internal sealed class FileUpload : IDisposable
{
    private const int BufferBytes = 128 * 1024;

    private readonly FileStream file;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int busy;
    private long touchedTicks;

    public FileUpload(string path, DateTimeOffset now)
    {
        Path = path;
        file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
        });
        Touch(now);
    }

    public string Path { get; }

    public long Size { get; private set; }

    public DateTimeOffset Touched => new(Volatile.Read(ref touchedTicks), TimeSpan.Zero);

    public bool TryEnter() => Interlocked.CompareExchange(ref busy, 1, 0) == 0;

    public void Leave(DateTimeOffset now)
    {
        Touch(now);
        Volatile.Write(ref busy, 0);
    }

    private void Touch(DateTimeOffset now) => Volatile.Write(ref touchedTicks, now.UtcTicks);

    public async ValueTask<UploadStatus> AppendAsync(Stream content, long maximumBytes, TimeProvider clock, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), stop).ConfigureAwait(false)) > 0)
            {
                if (Size + read > maximumBytes)
                {
                    return UploadStatus.TooLarge;
                }
                // Positioned: after a failed write the next one overwrites whatever part of it reached the file.
                await RandomAccess.WriteAsync(file.SafeFileHandle, buffer.AsMemory(0, read), Size, CancellationToken.None).ConfigureAwait(false);
                hash.AppendData(buffer, 0, read);
                Size += read;
                Touch(clock.GetUtcNow());
            }
            return UploadStatus.Ok;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public BlobDigest Digest() => BlobDigest.Of(hash.GetCurrentHash());

    /// <summary>Cuts off the rest of a failed write and puts the bytes on disk.</summary>
    public void Sync()
    {
        if (RandomAccess.GetLength(file.SafeFileHandle) != Size)
        {
            RandomAccess.SetLength(file.SafeFileHandle, Size);
        }
        RandomAccess.FlushToDisk(file.SafeFileHandle);
    }

    public void Dispose()
    {
        file.Dispose();
        hash.Dispose();
    }
}
