using System.Buffers.Binary;
using System.Security.Cryptography;
using Longspan.Kernel;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>
/// Receipt handles: queue, message and delivery, sealed with a key of this data folder. Nobody else can make one or read one, and one of
/// another queue is as invalid as a made-up one.
/// </summary>
public sealed class ReceiptHandles : IDisposable
{
    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int PlainLength = 20;
    private const int SealedLength = NonceLength + PlainLength + TagLength;
    private const int TextLength = SealedLength / 3 * 4;

    private readonly ThreadLocal<AesGcm> _cipher;

    public ReceiptHandles(byte[] key) => _cipher = new ThreadLocal<AesGcm>(() => new AesGcm(key, TagLength), trackAllValues: true);

    public string Seal(long queue, Receipt receipt)
    {
        Span<byte> plain = stackalloc byte[PlainLength];
        BinaryPrimitives.WriteInt64LittleEndian(plain, queue);
        BinaryPrimitives.WriteInt64LittleEndian(plain[8..], receipt.Sequence);
        BinaryPrimitives.WriteInt32LittleEndian(plain[16..], receipt.Delivery);
        Span<byte> bytes = stackalloc byte[SealedLength];
        RandomPool.Fill(bytes[..NonceLength]);
        _cipher.Value!.Encrypt(bytes[..NonceLength], plain, bytes.Slice(NonceLength, PlainLength), bytes[(NonceLength + PlainLength)..]);
        return Convert.ToBase64String(bytes);
    }

    public bool TryOpen(string? handle, long queue, out Receipt receipt)
    {
        receipt = default;
        Span<byte> bytes = stackalloc byte[SealedLength];
        if (handle is not { Length: TextLength } || !Convert.TryFromBase64String(handle, bytes, out var length) || length != SealedLength)
        {
            return false;
        }
        Span<byte> plain = stackalloc byte[PlainLength];
        try
        {
            _cipher.Value!.Decrypt(bytes[..NonceLength], bytes.Slice(NonceLength, PlainLength), bytes[(NonceLength + PlainLength)..], plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        receipt = new Receipt(BinaryPrimitives.ReadInt64LittleEndian(plain[8..]), BinaryPrimitives.ReadInt32LittleEndian(plain[16..]));
        return BinaryPrimitives.ReadInt64LittleEndian(plain) == queue;
    }

    /// <summary>The receipt in a handle, or the refusal that AWS gives to anything else.</summary>
    public Receipt Require(string? handle, QueueSnapshot queue)
    {
        if (string.IsNullOrEmpty(handle))
        {
            throw SqsFaults.MissingParameter("ReceiptHandle");
        }
        return TryOpen(handle, queue.Id, out var receipt) ? receipt : throw SqsFaults.BadHandle(handle);
    }

    public void Dispose()
    {
        foreach (var cipher in _cipher.Values)
        {
            cipher.Dispose();
        }
        _cipher.Dispose();
    }
}
