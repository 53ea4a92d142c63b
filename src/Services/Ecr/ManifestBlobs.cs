using Longspan.Store.Blobs;

namespace Longspan.Services.Ecr;

/// <summary>Manifests are blobs like any other, small enough to be read whole.</summary>
internal static class ManifestBlobs
{
    public static async ValueTask StoreAsync(BlobStore blobs, ReadOnlyMemory<byte> bytes, CancellationToken stop) => await blobs.PutAsync(bytes, stop);

    public static async ValueTask<byte[]?> ReadAsync(BlobStore blobs, string digest, CancellationToken stop)
    {
        if (!BlobDigest.TryParse(digest, out var parsed))
        {
            return null;
        }
        await using var reading = await blobs.OpenAsync(parsed, stop);
        if (reading is null)
        {
            return null;
        }
        var bytes = new byte[reading.Length];
        await reading.Content.ReadExactlyAsync(bytes, stop);
        return bytes;
    }
}
