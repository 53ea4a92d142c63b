using System.Text.Json;
using Longspan.Api.Shapes;
using Longspan.Wire.Protocols;

namespace Longspan.Wire.Json;

/// <summary>The error object of the JSON protocols.</summary>
internal static class JsonErrors
{
    /// <param name="type">Null for protocols that tell the type in a header.</param>
    public static void Write(PooledBuffer buffer, AwsError error, string? type)
    {
        using var writer = new JsonShapeWriter(buffer);
        writer.Json.WriteStartObject();
        if (type is not null)
        {
            writer.Json.WriteString("__type"u8, type);
        }
        writer.Json.WriteString("message"u8, error.Message);
        if (error.Detail is { } detail)
        {
            writer.WriteMembersOf(detail);
        }
        writer.Json.WriteEndObject();
    }

    public static AwsError Read(IncomingError error)
    {
        var (code, message) = (error.Header("X-Amzn-ErrorType"), (string?)null);
        try
        {
            using var document = JsonDocument.Parse(error.Body, new JsonDocumentOptions { MaxDepth = WireLimits.MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in document.RootElement.EnumerateObject())
                {
                    if (property.Value.ValueKind != JsonValueKind.String)
                    {
                        continue;
                    }
                    if (property.NameEquals("__type") || property.NameEquals("code"))
                    {
                        code ??= property.Value.GetString();
                    }
                    else if (property.Name.Equals("message", StringComparison.OrdinalIgnoreCase))
                    {
                        message ??= property.Value.GetString();
                    }
                }
            }
        }
        catch (JsonException)
        {
            // Not from an AWS service: a proxy's page. Status and the fixed code below are all there is to tell.
        }
        return new AwsError(ShapeName(code), message ?? $"HTTP status {error.Status}", error.Status, QueryCode(error));
    }

    /// <summary><c>com.amazonaws.sqs#QueueDoesNotExist:http://…</c> is <c>QueueDoesNotExist</c>.</summary>
    private static string ShapeName(string? code)
    {
        if (string.IsNullOrEmpty(code))
        {
            return "UnknownError";
        }
        var hash = code.IndexOf('#', StringComparison.Ordinal);
        var name = code[(hash + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? name : name[..colon];
    }

    private static string? QueryCode(IncomingError error)
    {
        var value = error.Header("x-amzn-query-error");
        var end = value?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        return end > 0 ? value![..end] : null;
    }
}
