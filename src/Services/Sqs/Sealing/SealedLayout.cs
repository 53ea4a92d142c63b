using System.Buffers.Binary;

namespace Longspan.Services.Sqs.Sealing;

/// <summary>
/// A sealed payload as the store keeps it. The first byte tells it from a clear one; it differs from clear layout 1 in every bit.
/// <code>format (1) | key id (4) | nonce (12) | ciphertext | tag (16)</code>
/// Format and key id are authenticated. The queue and the message id are not part of it: messages move between queues, some under new ids.
/// The layout is on disk; a new one gets a new format number.
/// </summary>
internal static class SealedLayout
{
    public const int HeadLength = 1 + KeyIdLength + NonceLength;
    public const int TagLength = 16;
    public const int Overhead = HeadLength + TagLength;

    private const byte Format = 0xFE;
    private const int KeyIdLength = 4;
    private const int NonceLength = 12;

    public static bool IsSealed(ReadOnlySpan<byte> payload) => payload.Length > 0 && payload[0] == Format;

    public static uint KeyId(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]);

    public static void WriteHead(Span<byte> payload, uint keyId)
    {
        payload[0] = Format;
        BinaryPrimitives.WriteUInt32LittleEndian(payload[1..], keyId);
    }

    // Each is for spans to write to as much as for those to read from.
    public static Span<byte> Nonce(Span<byte> payload) => payload.Slice(1 + KeyIdLength, NonceLength);

    public static Span<byte> Text(Span<byte> payload) => payload[HeadLength..^TagLength];

    public static Span<byte> Tag(Span<byte> payload) => payload[^TagLength..];

    public static ReadOnlySpan<byte> Associated(ReadOnlySpan<byte> payload) => payload[..(1 + KeyIdLength)];

    public static ReadOnlySpan<byte> Nonce(ReadOnlySpan<byte> payload) => payload.Slice(1 + KeyIdLength, NonceLength);

    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> payload) => payload[HeadLength..^TagLength];

    public static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> payload) => payload[^TagLength..];
}
