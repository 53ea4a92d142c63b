using System.Globalization;
using System.Text.Json;
using Longspan.Services.Ecr.Documents;
using Microsoft.AspNetCore.Http;

namespace Longspan.Services.Ecr.Registry;

/// <summary><c>GET /v2/NAME/tags/list</c> with the specification's <c>n</c> and <c>last</c>.</summary>
internal static class TagLists
{
    private const int MaximumTags = 1000;

    public static async Task<RegistryError?> HandleAsync(EcrContext cx, HttpContext http, string repository)
    {
        if (!HttpMethods.IsGet(http.Request.Method))
        {
            return RegistryError.Unsupported;
        }
        await cx.RequireRepositoryAsync(repository, null, http.RequestAborted);
        var size = int.TryParse(http.Request.Query["n"], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? Math.Min(n, MaximumTags) : MaximumTags;
        var last = http.Request.Query["last"].ToString() is { Length: > 0 } after ? after : null;
        var tags = await cx.Documents.ListAsync(EcrKinds.Tag, cx.ScopeOf(repository), http.RequestAborted, afterName: last, limit: size + 1);
        if (tags.Count > size && size > 0)
        {
            http.Response.Headers.Link = $"</v2/{repository}/tags/list?n={size}&last={Uri.EscapeDataString(tags[size - 1].Key.Name)}>; rel=\"next\"";
        }
        http.Response.ContentType = "application/json";
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", repository);
            json.WriteStartArray("tags");
            foreach (var tag in tags.Take(size))
            {
                json.WriteStringValue(tag.Key.Name);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        await http.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), http.RequestAborted);
        return null;
    }
}
