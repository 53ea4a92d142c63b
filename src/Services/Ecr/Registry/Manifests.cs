using Longspan.Services.Ecr.Rules;
using Microsoft.AspNetCore.Http;

namespace Longspan.Services.Ecr.Registry;

/// <summary>Manifests by tag or digest: read, put, delete.</summary>
internal static class Manifests
{
    public static async Task<RegistryError?> HandleAsync(EcrContext cx, HttpContext http, string repository, string reference)
    {
        var byDigest = Names.IsDigest(reference);
        if (!byDigest && !Names.IsTag(reference))
        {
            return new RegistryError(400, "TAG_INVALID", "The reference is neither a tag nor a sha256 digest.");
        }
        var (tag, digest) = byDigest ? (null, reference) : (reference, (string?)null);
        await cx.RequireRepositoryAsync(repository, null, http.RequestAborted);
        return http.Request.Method switch
        {
            "GET" or "HEAD" => await GetAsync(cx, http, repository, tag, digest),
            "PUT" => await PutAsync(cx, http, repository, tag, digest),
            "DELETE" => await DeleteAsync(cx, http, repository, tag, digest),
            _ => RegistryError.Unsupported,
        };
    }

    private static async Task<RegistryError?> GetAsync(EcrContext cx, HttpContext http, string repository, string? tag, string? digest)
    {
        var image = await Images.FindAsync(cx, repository, tag, digest, http.RequestAborted);
        var bytes = image is null ? null : await ManifestBlobs.ReadAsync(cx.Blobs, image.Value.Digest, http.RequestAborted);
        if (image is null || bytes is null)
        {
            return RegistryError.ManifestUnknown;
        }
        http.Response.ContentType = image.Value.MediaType;
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers["Docker-Content-Digest"] = image.Value.Digest;
        http.Response.Headers.ETag = $"\"{image.Value.Digest}\"";
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
        }
        return null;
    }

    private static async Task<RegistryError?> PutAsync(EcrContext cx, HttpContext http, string repository, string? tag, string? digest)
    {
        if (await ReadAsync(http) is not { } bytes)
        {
            return new RegistryError(413, "SIZE_INVALID", $"A manifest has at most {Manifest.MaximumBytes} bytes.");
        }
        if (digest is not null && digest != Manifest.DigestOf(bytes))
        {
            return RegistryError.DigestInvalid;
        }
        var outcome = await Images.PutAsync(cx, repository, bytes, http.Request.ContentType?.Split(';')[0].Trim(), tag, http.RequestAborted);
        switch (outcome.Status)
        {
            case PutStatus.Stored or PutStatus.AlreadyThere:
                http.Response.StatusCode = StatusCodes.Status201Created;
                http.Response.Headers.Location = $"/v2/{repository}/manifests/{outcome.Digest}";
                http.Response.Headers["Docker-Content-Digest"] = outcome.Digest;
                http.Response.ContentLength = 0;
                return null;
            case PutStatus.MissingLayers:
                return new RegistryError(400, "MANIFEST_BLOB_UNKNOWN", $"The repository does not hold {string.Join(", ", outcome.Missing)}.");
            case PutStatus.MissingImages:
                return new RegistryError(400, "MANIFEST_UNKNOWN", $"The repository does not hold {string.Join(", ", outcome.Missing)}.");
            case PutStatus.TagIsImmutable:
                return new RegistryError(400, "TAG_INVALID", $"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the tag is immutable.");
            default:
                return new RegistryError(400, "MANIFEST_INVALID", "The manifest is not one of Docker schema 2 or OCI.");
        }
    }

    private static async Task<RegistryError?> DeleteAsync(EcrContext cx, HttpContext http, string repository, string? tag, string? digest)
    {
        switch (await Images.DeleteAsync(cx, repository, tag, digest, http.RequestAborted))
        {
            case DeleteStatus.Deleted:
                http.Response.StatusCode = StatusCodes.Status202Accepted;
                return null;
            case DeleteStatus.NotFound:
                return RegistryError.ManifestUnknown;
            default:
                return new RegistryError(409, "DENIED", "An image index refers to this image.");
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpContext http)
    {
        if (http.Request.ContentLength > Manifest.MaximumBytes)
        {
            return null;
        }
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(chunk, http.RequestAborted)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > Manifest.MaximumBytes)
            {
                return null;
            }
        }
        return buffer.ToArray();
    }
}
