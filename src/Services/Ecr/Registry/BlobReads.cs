using System.Globalization;
using Longspan.Store.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Longspan.Services.Ecr.Registry;

/// <summary>Blob downloads, whole or from an offset, so that a pull that broke goes on.</summary>
internal static class BlobReads
{
    public static async Task<RegistryError?> HandleAsync(EcrContext cx, HttpContext http, string repository, string digest)
    {
        var head = HttpMethods.IsHead(http.Request.Method);
        if (!head && !HttpMethods.IsGet(http.Request.Method))
        {
            return RegistryError.Unsupported;
        }
        var stop = http.RequestAborted;
        if (!BlobDigest.TryParse(digest, out var parsed))
        {
            return RegistryError.DigestInvalid;
        }
        if (await Layers.FindAsync(cx, repository, digest, stop) is not { } layer)
        {
            return RegistryError.BlobUnknown;
        }
        var size = layer.Value.SizeBytes;
        http.Response.Headers["Docker-Content-Digest"] = digest;
        http.Response.Headers.AcceptRanges = "bytes";
        http.Response.ContentType = "application/octet-stream";
        if (head)
        {
            http.Response.ContentLength = size;
            return null;
        }
        var (from, to) = (0L, size - 1);
        if (RangeHeaderValue.TryParse(http.Request.Headers.Range.ToString(), out var range) && range.Unit == "bytes" && range.Ranges.Count == 1 && size > 0)
        {
            var wanted = range.Ranges.First();
            (from, to) = wanted.From is { } start ? (start, Math.Min(wanted.To ?? size - 1, size - 1)) : (Math.Max(size - (wanted.To ?? 0), 0), size - 1);
            if (from >= size || to < from)
            {
                http.Response.Headers.ContentRange = $"bytes */{size}";
                return new RegistryError(416, "SIZE_INVALID", "The range is outside the blob.");
            }
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            http.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{size}");
        }
        await using var reading = await cx.Blobs.OpenAsync(parsed, stop, from, to - from + 1);
        if (reading is null)
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            return RegistryError.BlobUnknown;
        }
        http.Response.ContentLength = reading.Length;
        await reading.Content.CopyToAsync(http.Response.Body, stop);
        return null;
    }
}
