using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Longspan.AgentLink;

/// <summary>What one text frame held: a known message, an unknown type, or a fault that makes it unreadable.</summary>
public readonly record struct DecodedFrame(string? Type, AgentMessage? Message, string? Fault)
{
    public bool IsUnknownType => Message is null && Fault is null;
}

/// <summary>The envelope <c>{"type":"…","message":{…}}</c> of both websockets.</summary>
public static class AgentFrame
{
    private static readonly Dictionary<string, JsonTypeInfo> Types = AgentLinkJson.Messages.ToDictionary(
        info => info.Type.Name, StringComparer.Ordinal);

    private static readonly Dictionary<Type, JsonTypeInfo> ByClass = AgentLinkJson.Messages.ToDictionary(info => info.Type);

    public static byte[] Encode(AgentMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = AgentLinkJson.Encoder });
        writer.WriteStartObject();
        writer.WriteString("type"u8, message.GetType().Name);
        writer.WritePropertyName("message"u8);
        JsonSerializer.Serialize(writer, message, ByClass[message.GetType()]);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Never throws for what a peer sent. The envelope's members may come in either order; of two with one name the last counts.</summary>
    public static DecodedFrame Decode(ReadOnlySpan<byte> json) => Decode(json, unread: null);

    /// <summary>As above. Of messages of the type <paramref name="unread"/> nobody reads more than that: they must be objects, and are left out.</summary>
    public static DecodedFrame Decode(ReadOnlySpan<byte> json, string? unread)
    {
        string? type = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return new DecodedFrame(null, null, "the frame is not an object");
            }
            ReadOnlySpan<byte> body = default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = IsNamed(ref reader, "type"u8);
                var isMessage = !isType && IsNamed(ref reader, "message"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                if (isType && reader.TokenType == JsonTokenType.String)
                {
                    type = reader.GetString();
                }
                reader.Skip();
                body = isMessage ? json[start..(int)reader.BytesConsumed] : body;
            }
            if (json[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).Length > 0)
            {
                return new DecodedFrame(null, null, "data after the envelope");
            }
            return Read(type, body, unread);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter for a text that is no UTF-8.
            return new DecodedFrame(type, null, e.Message);
        }
    }

    private static DecodedFrame Read(string? type, ReadOnlySpan<byte> body, string? unread)
    {
        if (type is null)
        {
            return new DecodedFrame(null, null, "the frame has no type");
        }
        if (!Types.TryGetValue(type, out var info))
        {
            return new DecodedFrame(type, null, null);
        }
        return body is not [(byte)'{', ..] ? new DecodedFrame(type, null, "the frame has no message")
            : new DecodedFrame(type, type == unread ? null : (AgentMessage?)JsonSerializer.Deserialize(body, info), null);
    }

    // Nearly every peer writes them in lower case; no text is made for those.
    private static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        reader.ValueTextEquals(name) || (reader.ValueIsEscaped
            ? string.Equals(reader.GetString(), Encoding.ASCII.GetString(name), StringComparison.OrdinalIgnoreCase)
            : Ascii.EqualsIgnoreCase(reader.ValueSpan, name));
}
