using System.Buffers;
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

    /// <summary>Never throws for what a peer sent. The envelope's members may come in either order.</summary>
    public static DecodedFrame Decode(ReadOnlySpan<byte> json)
    {
        string? type = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            if (reader.BytesConsumed < json.Length && json[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).Length > 0)
            {
                return new DecodedFrame(null, null, "data after the envelope");
            }
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return new DecodedFrame(null, null, "the frame is not an object");
            }
            JsonElement? body = null;
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.Name.Equals("type", StringComparison.OrdinalIgnoreCase) && member.Value.ValueKind == JsonValueKind.String)
                {
                    type = member.Value.GetString();
                }
                else if (member.Name.Equals("message", StringComparison.OrdinalIgnoreCase))
                {
                    body = member.Value;
                }
            }
            if (type is null)
            {
                return new DecodedFrame(null, null, "the frame has no type");
            }
            if (!Types.TryGetValue(type, out var info))
            {
                return new DecodedFrame(type, null, null);
            }
            if (body is not { ValueKind: JsonValueKind.Object } content)
            {
                return new DecodedFrame(type, null, "the frame has no message");
            }
            return new DecodedFrame(type, (AgentMessage?)content.Deserialize(info), null);
        }
        catch (JsonException e)
        {
            return new DecodedFrame(type, null, e.Message);
        }
    }
}
