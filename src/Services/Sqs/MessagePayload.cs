using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Longspan.Services.Sqs.Rules;
using Longspan.Services.Sqs.Sealing;

namespace Longspan.Services.Sqs;

/// <summary>
/// A message as the store keeps it: one array with everything that the sender gave and the digests, so that a receive copies
/// and computes nothing. Sealed, all of this is the ciphertext inside a <see cref="SealedLayout"/>.
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

    /// <summary>Lays a message out, sealed unless <paramref name="key"/> is null, and reports its digests in hex.</summary>
    public static byte[] Encode(
        string body, IReadOnlyList<MessageAttribute> attributes, string sender, string? traceHeader, string? deduplicationId, MessageKey? key,
        out string md5OfBody, out string? md5OfAttributes)
    {
        var bodyLength = Encoding.UTF8.GetByteCount(body);
        var size = Head + 4 + bodyLength + TextSize(sender) + TextSize(traceHeader) + TextSize(deduplicationId) + 1;
        foreach (var attribute in attributes)
        {
            size += TextSize(attribute.Name) + TextSize(attribute.Type) + 1 + (attribute.IsBinary ? 4 + attribute.Binary.Length : TextSize(attribute.Text));
        }
        // Laid out where its ciphertext will be: sealing needs no second array.
        var stored = new byte[key is null ? size : size + SealedLayout.Overhead];
        var payload = key is null ? stored : SealedLayout.Text(stored.AsSpan());
        payload[0] = Version;
        payload[17] = attributes.Count > 0 ? (byte)1 : (byte)0;
        var at = Head;
        Put(payload, ref at, sender);
        Put(payload, ref at, traceHeader);
        Put(payload, ref at, deduplicationId);
        Put(payload, ref at, body);
        MD5.HashData(payload.Slice(at - bodyLength, bodyLength), payload[1..]);
        md5OfBody = Convert.ToHexStringLower(payload.Slice(1, 16));
        md5OfAttributes = null;
        if (attributes.Count > 0)
        {
            MessageAttributes.Digest(attributes, payload[18..]);
            md5OfAttributes = Convert.ToHexStringLower(payload.Slice(18, 16));
        }
        payload[at++] = (byte)attributes.Count;
        foreach (var attribute in attributes)
        {
            Put(payload, ref at, attribute.Name);
            Put(payload, ref at, attribute.Type);
            payload[at++] = attribute.IsBinary ? (byte)1 : (byte)0;
            if (attribute.IsBinary)
            {
                BinaryPrimitives.WriteInt32LittleEndian(payload[at..], attribute.Binary.Length);
                attribute.Binary.Span.CopyTo(payload[(at + 4)..]);
                at += 4 + attribute.Binary.Length;
            }
            else
            {
                Put(payload, ref at, attribute.Text);
            }
        }
        key?.Seal(stored);
        return stored;
    }

    /// <summary>Reads a clear layout; nothing of the result refers to <paramref name="payload"/>. On false <paramref name="reason"/> says why.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, out MessagePayload decoded, out string reason)
    {
        try
        {
            decoded = Decode(payload);
            reason = "";
            return true;
        }
        catch (InvalidDataException e)
        {
            decoded = null!;
            reason = e.Message;
            return false;
        }
    }

    private static MessagePayload Decode(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < Head || payload[0] != Version)
        {
            throw new InvalidDataException(
                $"it has {payload.Length} bytes and layout version {(payload.IsEmpty ? 0 : payload[0])}; this build knows version {Version}");
        }
        var at = Head;
        var sender = Text(payload, ref at);
        var trace = Text(payload, ref at);
        var deduplication = Text(payload, ref at);
        var body = Text(payload, ref at);
        var count = Bytes(payload, ref at, 1)[0];
        var attributes = count == 0 ? [] : new MessageAttribute[count];
        for (var i = 0; i < count; i++)
        {
            var name = Text(payload, ref at)!;
            var type = Text(payload, ref at)!;
            attributes[i] = Bytes(payload, ref at, 1)[0] == 0
                ? new MessageAttribute(name, type, Text(payload, ref at), default)
                : new MessageAttribute(name, type, null, Bytes(payload, ref at, Length(payload, ref at)).ToArray());
        }
        if (at != payload.Length || sender is null || body is null)
        {
            throw new InvalidDataException($"its layout ends at byte {at} of {payload.Length}");
        }
        return new MessagePayload
        {
            MD5OfBody = Convert.ToHexStringLower(payload.Slice(1, 16)),
            MD5OfAttributes = payload[17] == 0 ? null : Convert.ToHexStringLower(payload.Slice(18, 16)),
            Sender = sender,
            TraceHeader = trace,
            DeduplicationId = deduplication,
            Body = body,
            Attributes = attributes,
        };
    }

    private static int TextSize(string? text) => 4 + (text is null ? 0 : Encoding.UTF8.GetByteCount(text));

    private static void Put(Span<byte> payload, ref int at, string? text)
    {
        var length = text is null ? -1 : Encoding.UTF8.GetBytes(text, payload[(at + 4)..]);
        BinaryPrimitives.WriteInt32LittleEndian(payload[at..], length);
        at += 4 + Math.Max(0, length);
    }

    private static string? Text(ReadOnlySpan<byte> payload, ref int at)
    {
        var length = Length(payload, ref at);
        return length == -1 ? null : Encoding.UTF8.GetString(Bytes(payload, ref at, length));
    }

    private static int Length(ReadOnlySpan<byte> payload, ref int at) => BinaryPrimitives.ReadInt32LittleEndian(Bytes(payload, ref at, 4));

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> payload, ref int at, int length)
    {
        if (length < 0 || length > payload.Length - at)
        {
            throw new InvalidDataException($"it names {length} bytes at byte {at} of {payload.Length}");
        }
        var bytes = payload.Slice(at, length);
        at += length;
        return bytes;
    }
}
