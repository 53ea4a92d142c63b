using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs;

/// <summary>
/// A message as the store keeps it: one array with everything that the sender gave and the digests, so that a receive copies
/// and computes nothing.
/// <code>
/// version (1) | MD5 of body (16) | has attributes (1) | MD5 of attributes (16) |
/// sender | trace header | deduplication id | body        texts: length (4, -1 for none), UTF-8
/// count (1) | name, type, kind (1), value                for each attribute, in name order
/// </code>
/// The layout is on disk; a new one gets a new version.
/// </summary>
internal sealed class MessagePayload
{
    private const byte Version = 1;
    private const int Head = 34;

    public required string MD5OfBody { get; init; }
    public required string? MD5OfAttributes { get; init; }
    public required string Sender { get; init; }
    public required string? TraceHeader { get; init; }
    public required string? DeduplicationId { get; init; }
    public required string Body { get; init; }
    public required IReadOnlyList<MessageAttribute> Attributes { get; init; }

    /// <summary>Lays a message out and reports its digests in hex.</summary>
    public static byte[] Encode(
        string body, IReadOnlyList<MessageAttribute> attributes, string sender, string? traceHeader, string? deduplicationId,
        out string md5OfBody, out string? md5OfAttributes)
    {
        var bodyLength = Encoding.UTF8.GetByteCount(body);
        var size = Head + 4 + bodyLength + TextSize(sender) + TextSize(traceHeader) + TextSize(deduplicationId) + 1;
        foreach (var attribute in attributes)
        {
            size += TextSize(attribute.Name) + TextSize(attribute.Type) + 1 + (attribute.IsBinary ? 4 + attribute.Binary.Length : TextSize(attribute.Text));
        }
        var payload = new byte[size];
        payload[0] = Version;
        payload[17] = attributes.Count > 0 ? (byte)1 : (byte)0;
        var at = Head;
        Put(payload, ref at, sender);
        Put(payload, ref at, traceHeader);
        Put(payload, ref at, deduplicationId);
        Put(payload, ref at, body);
        MD5.HashData(payload.AsSpan(at - bodyLength, bodyLength), payload.AsSpan(1));
        md5OfBody = Convert.ToHexStringLower(payload.AsSpan(1, 16));
        md5OfAttributes = null;
        if (attributes.Count > 0)
        {
            MessageAttributes.Digest(attributes, payload.AsSpan(18));
            md5OfAttributes = Convert.ToHexStringLower(payload.AsSpan(18, 16));
        }
        payload[at++] = (byte)attributes.Count;
        foreach (var attribute in attributes)
        {
            Put(payload, ref at, attribute.Name);
            Put(payload, ref at, attribute.Type);
            payload[at++] = attribute.IsBinary ? (byte)1 : (byte)0;
            if (attribute.IsBinary)
            {
                BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(at), attribute.Binary.Length);
                attribute.Binary.Span.CopyTo(payload.AsSpan(at + 4));
                at += 4 + attribute.Binary.Length;
            }
            else
            {
                Put(payload, ref at, attribute.Text);
            }
        }
        return payload;
    }

    public static MessagePayload Decode(byte[] payload)
    {
        if (payload[0] != Version)
        {
            throw new InvalidDataException($"A stored message has layout version {payload[0]}; this build knows {Version}.");
        }
        var at = Head;
        var sender = Take(payload, ref at)!;
        var trace = Take(payload, ref at);
        var deduplication = Take(payload, ref at);
        var body = Take(payload, ref at)!;
        var count = payload[at++];
        var attributes = count == 0 ? [] : new MessageAttribute[count];
        for (var i = 0; i < count; i++)
        {
            var name = Take(payload, ref at)!;
            var type = Take(payload, ref at)!;
            if (payload[at++] == 0)
            {
                attributes[i] = new MessageAttribute(name, type, Take(payload, ref at), default);
                continue;
            }
            var length = BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(at));
            attributes[i] = new MessageAttribute(name, type, null, payload.AsMemory(at + 4, length));
            at += 4 + length;
        }
        return new MessagePayload
        {
            MD5OfBody = Convert.ToHexStringLower(payload.AsSpan(1, 16)),
            MD5OfAttributes = payload[17] == 0 ? null : Convert.ToHexStringLower(payload.AsSpan(18, 16)),
            Sender = sender,
            TraceHeader = trace,
            DeduplicationId = deduplication,
            Body = body,
            Attributes = attributes,
        };
    }

    private static int TextSize(string? text) => 4 + (text is null ? 0 : Encoding.UTF8.GetByteCount(text));

    private static void Put(byte[] payload, ref int at, string? text)
    {
        var length = text is null ? -1 : Encoding.UTF8.GetBytes(text, payload.AsSpan(at + 4));
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(at), length);
        at += 4 + Math.Max(0, length);
    }

    private static string? Take(byte[] payload, ref int at)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(at));
        at += 4;
        if (length < 0)
        {
            return null;
        }
        var text = Encoding.UTF8.GetString(payload, at, length);
        at += length;
        return text;
    }
}
