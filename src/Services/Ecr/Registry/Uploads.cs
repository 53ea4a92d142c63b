using System.Globalization;
using Longspan.Store.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Longspan.Services.Ecr.Registry;

/// <summary>
/// Blob uploads: whole, in chunks, resumed after a break, or mounted from another repository. What arrives is streamed to the blob store, and
/// becomes visible only after its digest was verified and it is durable.
/// </summary>
internal static class Uploads
{
    public static async Task<RegistryError?> BeginAsync(EcrContext cx, HttpContext http, string repository)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            return RegistryError.Unsupported;
        }
        var stop = http.RequestAborted;
        await cx.RequireRepositoryAsync(repository, null, stop);
        var mount = http.Request.Query["mount"].ToString();
        var from = http.Request.Query["from"].ToString();
        // A blob that the caller may not read elsewhere is not to be had by mounting it: it is asked to send it, as if it were not there.
        if (mount.Length > 0 && Rules.Names.IsRepository(from) && await RegistryAccess.MayReadAsync(cx, from, stop)
            && await Layers.MountAsync(cx, repository, from, mount, stop))
        {
            return Created(http, repository, mount);
        }
        var whole = http.Request.Query.ContainsKey("digest");
        if (whole && !BlobDigest.TryParse(http.Request.Query["digest"].ToString(), out _))
        {
            return RegistryError.DigestInvalid;
        }
        if (await cx.Blobs.BeginUploadAsync(stop) is not { } id)
        {
            return RegistryError.TooMany;
        }
        return whole ? await WholeAsync(cx, http, repository, id) : Accepted(http, repository, id, 0);
    }

    // A POST that names the digest brings the whole blob. The client never learns the upload's id, so whatever goes wrong ends it.
    private static async Task<RegistryError?> WholeAsync(EcrContext cx, HttpContext http, string repository, string id)
    {
        try
        {
            return await FinishAsync(cx, http, repository, id);
        }
        finally
        {
            await cx.Blobs.CancelUploadAsync(id, CancellationToken.None);
        }
    }

    public static async Task<RegistryError?> ContinueAsync(EcrContext cx, HttpContext http, string repository, string id)
    {
        await cx.RequireRepositoryAsync(repository, null, http.RequestAborted);
        return http.Request.Method switch
        {
            "GET" => await cx.Blobs.UploadSizeAsync(id, http.RequestAborted) is { } size ? Progress(http, repository, id, size) : RegistryError.UploadUnknown,
            "PATCH" => await AppendAsync(cx, http, id) is { } error ? error : Accepted(http, repository, id, (await cx.Blobs.UploadSizeAsync(id, http.RequestAborted)) ?? 0),
            "PUT" => await FinishAsync(cx, http, repository, id),
            "DELETE" => await CancelAsync(cx, http, id),
            _ => RegistryError.Unsupported,
        };
    }

    private static async Task<RegistryError?> FinishAsync(EcrContext cx, HttpContext http, string repository, string id)
    {
        if (!BlobDigest.TryParse(http.Request.Query["digest"].ToString(), out var digest))
        {
            return RegistryError.DigestInvalid;
        }
        if (http.Request.ContentLength is not 0 && await AppendAsync(cx, http, id) is { } error)
        {
            return error;
        }
        var answer = await cx.Blobs.FinishUploadAsync(id, digest, http.RequestAborted);
        if (answer.Status == UploadStatus.Ok)
        {
            await Layers.RecordAsync(cx, repository, digest, answer.Size, http.RequestAborted);
            return Created(http, repository, digest.ToString());
        }
        return answer.Status switch
        {
            UploadStatus.NoSuchUpload => RegistryError.UploadUnknown,
            UploadStatus.DigestMismatch => RegistryError.DigestInvalid,
            var other => Refuse(http, other, answer.Size),
        };
    }

    private static async Task<RegistryError?> AppendAsync(EcrContext cx, HttpContext http, string id)
    {
        // The blob store has its own bound; the server's general one is for signed calls, which are read into memory.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }
        long? offset = null;
        if (http.Request.Headers.ContentRange.ToString() is { Length: > 0 } range)
        {
            if (!long.TryParse(range.Split('-')[0].Replace("bytes ", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var start))
            {
                return new RegistryError(400, "BLOB_UPLOAD_INVALID", "Content-Range is not understood.");
            }
            offset = start;
        }
        var answer = await cx.Blobs.AppendAsync(id, offset, http.Request.Body, http.RequestAborted);
        return answer.Status switch
        {
            UploadStatus.Ok => null,
            UploadStatus.NoSuchUpload => RegistryError.UploadUnknown,
            var other => Refuse(http, other, answer.Size),
        };
    }

    private static async Task<RegistryError?> CancelAsync(EcrContext cx, HttpContext http, string id)
    {
        if (!await cx.Blobs.CancelUploadAsync(id, http.RequestAborted))
        {
            return RegistryError.UploadUnknown;
        }
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    private static RegistryError Refuse(HttpContext http, UploadStatus status, long size)
    {
        if (size > 0)
        {
            http.Response.Headers.Range = $"0-{size - 1}";
        }
        return status == UploadStatus.TooLarge
            ? new RegistryError(413, "SIZE_INVALID", "The blob is larger than the registry takes.")
            : new RegistryError(416, "BLOB_UPLOAD_INVALID", $"The upload has {size} bytes; go on from there.");
    }

    private static RegistryError? Created(HttpContext http, string repository, string digest)
    {
        http.Response.StatusCode = StatusCodes.Status201Created;
        http.Response.Headers.Location = $"/v2/{repository}/blobs/{digest}";
        http.Response.Headers["Docker-Content-Digest"] = digest;
        return null;
    }

    private static RegistryError? Accepted(HttpContext http, string repository, string id, long size)
    {
        Describe(http, repository, id, size);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        return null;
    }

    private static RegistryError? Progress(HttpContext http, string repository, string id, long size)
    {
        Describe(http, repository, id, size);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    private static void Describe(HttpContext http, string repository, string id, long size)
    {
        http.Response.Headers.Location = $"/v2/{repository}/blobs/uploads/{id}";
        http.Response.Headers["Docker-Upload-UUID"] = id;
        // The specification has no way to say "nothing yet"; clients expect 0-0.
        http.Response.Headers.Range = $"0-{Math.Max(size - 1, 0)}";
        http.Response.ContentLength = 0;
    }
}
