using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Longspan.Services.Ecr.Registry;

/// <summary>Refusals of the OCI distribution specification (section "Error Codes"): a status and <c>{"errors":[{code,message}]}</c>.</summary>
internal sealed record RegistryError(int Status, string Code, string Message)
{
    public static readonly RegistryError Unauthorized = new(401, "UNAUTHORIZED", "Log in with a token of 'aws ecr get-login-password'.");
    public static readonly RegistryError Unsupported = new(405, "UNSUPPORTED", "The registry does not offer this.");
    public static readonly RegistryError UploadUnknown = new(404, "BLOB_UPLOAD_UNKNOWN", "There is no such upload; begin it again.");
    public static readonly RegistryError BlobUnknown = new(404, "BLOB_UNKNOWN", "The repository does not hold this blob.");
    public static readonly RegistryError ManifestUnknown = new(404, "MANIFEST_UNKNOWN", "The repository has no such image.");
    public static readonly RegistryError DigestInvalid = new(400, "DIGEST_INVALID", "The digest is not a sha256 digest of what was sent.");
    public static readonly RegistryError TooMany = new(429, "TOOMANYREQUESTS", "Too many uploads are in progress; try again later.");

    public static RegistryError NameUnknown(string message) => new(404, "NAME_UNKNOWN", $"{message}; create it with 'aws ecr create-repository'.");

    public async Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (Status == 401)
        {
            http.Response.Headers.WWWAuthenticate = $"Basic realm=\"{http.Request.Scheme}://{http.Request.Host.Value}/\",service=\"ecr\"";
        }
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }
        http.Response.ContentType = "application/json; charset=utf-8";
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("errors");
            json.WriteStartObject();
            json.WriteString("code", Code);
            json.WriteString("message", Message);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        await http.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), http.RequestAborted);
    }
}
