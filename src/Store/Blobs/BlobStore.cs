namespace Longspan.Store.Blobs;

/// <summary>
/// Immutable contents by their SHA-256: image layers, manifests, log archives. A content is stored once however often it is put, and exists
/// either whole, verified and durable, or not at all. Who may see it, and how long it is kept, is its owners' affair: they hold digests in
/// their documents.
/// <para>
/// <b>Uploads</b> bring large contents in pieces: begin, append at the offset reached so far, finish with the digest that the sender
/// claims. What arrived before a connection broke stays, and the sender goes on from <see cref="UploadSizeAsync"/>. An upload belongs to the
/// running server: a sweep removes those that nobody touched for a while, a restart removes all.
/// </para>
/// <para>
/// Ordinary outcomes are values; exceptions mean a failing disk, or the failing stream of the caller.
/// </para>
/// </summary>
public abstract class BlobStore : IAsyncDisposable
{
    /// <summary>Null when the bound of concurrent uploads is reached.</summary>
    public abstract ValueTask<string?> BeginUploadAsync(CancellationToken stop);

    /// <summary>Bytes received so far; null when there is no such upload.</summary>
    public abstract ValueTask<long?> UploadSizeAsync(string uploadId, CancellationToken stop);

    /// <summary>
    /// Appends what the stream yields. Without an offset it goes to the end. When the stream breaks, what came before stays and the
    /// exception goes through.
    /// </summary>
    public abstract ValueTask<UploadAnswer> AppendAsync(string uploadId, long? offset, Stream content, CancellationToken stop);

    /// <summary>
    /// Verifies and publishes. Durable when it answers <see cref="UploadStatus.Ok"/>. The upload is gone afterwards, also after a
    /// mismatch: its bytes are not what the sender meant.
    /// </summary>
    public abstract ValueTask<UploadAnswer> FinishUploadAsync(string uploadId, BlobDigest claimed, CancellationToken stop);

    /// <summary>False when there is no such upload, or someone is just appending to it.</summary>
    public abstract ValueTask<bool> CancelUploadAsync(string uploadId, CancellationToken stop);

    /// <summary>Removes uploads that nobody touched for this long; answers how many. The store does so by itself now and then.</summary>
    public abstract ValueTask<int> SweepUploadsAsync(TimeSpan untouched, CancellationToken stop);

    /// <summary>Stores a content that is at hand as a whole.</summary>
    public abstract ValueTask<BlobDigest> PutAsync(ReadOnlyMemory<byte> content, CancellationToken stop);

    /// <summary>Null when it does not exist.</summary>
    public abstract ValueTask<long?> SizeAsync(BlobDigest digest, CancellationToken stop);

    /// <summary>
    /// Opens a content, or a part of it: from <paramref name="offset"/>, at most <paramref name="length"/> bytes. Null when it does not
    /// exist. An offset beyond the end opens an empty part.
    /// </summary>
    public abstract ValueTask<BlobReading?> OpenAsync(BlobDigest digest, CancellationToken stop, long offset = 0, long? length = null);

    /// <summary>False when it did not exist. Readings that are open go on to their end.</summary>
    public abstract ValueTask<bool> DeleteAsync(BlobDigest digest, CancellationToken stop);

    /// <summary>All contents, in no particular order; those that come or go meanwhile may or may not be among them.</summary>
    public abstract IAsyncEnumerable<BlobEntry> ListAsync(CancellationToken stop);

    /// <summary>Removes all contents and uploads.</summary>
    public abstract ValueTask ResetAsync(CancellationToken stop);

    public abstract ValueTask DisposeAsync();
}

public enum UploadStatus
{
    Ok,
    NoSuchUpload,
    /// <summary>The piece does not start where the upload ends; <see cref="UploadAnswer.Size"/> says where that is.</summary>
    WrongOffset,
    /// <summary>Another call is appending to the same upload.</summary>
    Busy,
    /// <summary>Over the bound of one content. What fitted stays; cancel it.</summary>
    TooLarge,
    /// <summary>The bytes have another digest than claimed; the upload is removed.</summary>
    DigestMismatch,
}

/// <summary>The outcome and the size of the upload after it.</summary>
public readonly record struct UploadAnswer(UploadStatus Status, long Size);

public readonly record struct BlobEntry(BlobDigest Digest, long Size, DateTimeOffset Written);

/// <summary>An open content. <see cref="Size"/> is that of the whole content, <see cref="Length"/> that of the part that the stream yields.</summary>
public sealed class BlobReading(Stream content, long size, long offset, long length) : IAsyncDisposable
{
    public Stream Content { get; } = content;
    public long Size { get; } = size;
    public long Offset { get; } = offset;
    public long Length { get; } = length;

    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
