using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Longspan.Api.Shapes;

/// <summary>
/// JSON that somebody else wrote. <see cref="JsonDocument"/> takes strings that are no Unicode (a lone surrogate in an escape, bytes that are
/// not UTF-8) and throws <see cref="InvalidOperationException"/> when one is looked at; here such a text is refused when it is read, with
/// <see cref="JsonException"/> as every other fault, so that a caller has one place to answer from.
/// </summary>
public static class UntrustedJson
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static JsonDocument Parse(string text, JsonDocumentOptions options = default)
    {
        try
        {
            return Parse(s_strict.GetBytes(text), options);
        }
        catch (EncoderFallbackException broken)
        {
            throw new JsonException("The text is not Unicode.", broken);
        }
    }

    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options = default)
    {
        RequireUnicode(utf8.Span, options);
        return JsonDocument.Parse(utf8, options);
    }

    /// <summary>The object that the text is, for reading its members by name; null when it is something else. A name that is given twice is a fault.</summary>
    public static JsonObject? ParseObject(string text)
    {
        using var json = Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        return json.RootElement.ValueKind == JsonValueKind.Object ? JsonObject.Create(json.RootElement.Clone()) : null;
    }

    private static void RequireUnicode(ReadOnlySpan<byte> utf8, JsonDocumentOptions options)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions
        {
            MaxDepth = options.MaxDepth, CommentHandling = options.CommentHandling, AllowTrailingCommas = options.AllowTrailingCommas,
        });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            {
                continue;
            }
            if (!Utf8.IsValid(reader.ValueSpan))
            {
                throw new JsonException("A string is not UTF-8.");
            }
            if (reader.ValueIsEscaped)
            {
                RequireWholeEscapes(ref reader);
            }
        }
    }

    private static void RequireWholeEscapes(ref Utf8JsonReader reader)
    {
        try
        {
            reader.GetString();
        }
        catch (InvalidOperationException broken)
        {
            throw new JsonException("A string has half of a surrogate pair.", broken);
        }
    }
}
