using System.Security.Cryptography;
using Longspan.Kernel;

namespace Longspan.Services.Sqs.Sealing;

/// <summary>
/// A data key: seals and opens payloads (AES-256-GCM, random nonces) on whatever thread asks. A cipher object serves one thread at a time,
/// so idle ones wait in a few slots; setting one up costs as much as sealing a kilobyte.
/// </summary>
internal sealed class MessageKey
{
    public const int Length = 32;
    /// <summary>Idle ciphers that one key keeps, at most.</summary>
    private const int MostIdle = 32;

    private readonly byte[] _key;
    private readonly AesGcm?[] _idle = new AesGcm?[Math.Min(Environment.ProcessorCount * 2, MostIdle)];
    private long _seals;

    public MessageKey(uint id, byte[] key, DateTimeOffset createdAt)
    {
        if (key.Length != Length)
        {
            throw new InvalidDataException($"Message key {id:x8} has {key.Length} bytes instead of {Length}.");
        }
        Id = id;
        _key = key;
        CreatedAt = createdAt;
    }

    public uint Id { get; }
    public DateTimeOffset CreatedAt { get; }
    /// <summary>What this process sealed with it.</summary>
    public long Seals => Interlocked.Read(ref _seals);

    /// <summary>Seals in place: the clear text is where <see cref="SealedLayout.Text(Span{byte})"/> says.</summary>
    public void Seal(Span<byte> payload)
    {
        SealedLayout.WriteHead(payload, Id);
        var nonce = SealedLayout.Nonce(payload);
        RandomPool.Fill(nonce);
        var text = SealedLayout.Text(payload);
        var cipher = Rent();
        try
        {
            cipher.Encrypt(nonce, text, text, SealedLayout.Tag(payload), SealedLayout.Associated(payload));
        }
        finally
        {
            Return(cipher);
        }
        Interlocked.Increment(ref _seals);
    }

    /// <summary>Writes the clear text to <paramref name="clear"/>, which is as long as it; false when the payload was changed since.</summary>
    public bool TryOpen(ReadOnlySpan<byte> payload, Span<byte> clear)
    {
        var cipher = Rent();
        try
        {
            cipher.Decrypt(
                SealedLayout.Nonce(payload), SealedLayout.Text(payload), SealedLayout.Tag(payload), clear, SealedLayout.Associated(payload));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            Return(cipher);
        }
    }

    /// <summary>Lets go of idle ciphers; the key goes on working, so a call that still has it at a shutdown never seals with less than it.</summary>
    public void Trim()
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            Interlocked.Exchange(ref _idle[i], null)?.Dispose();
        }
    }

    private AesGcm Rent()
    {
        // Threads begin at different slots, so that they seldom meet.
        var first = Environment.CurrentManagedThreadId;
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Interlocked.Exchange(ref _idle[(first + i) % _idle.Length], null) is { } cipher)
            {
                return cipher;
            }
        }
        return new AesGcm(_key, SealedLayout.TagLength);
    }

    private void Return(AesGcm cipher)
    {
        var first = Environment.CurrentManagedThreadId;
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Interlocked.CompareExchange(ref _idle[(first + i) % _idle.Length], cipher, null) is null)
            {
                return;
            }
        }
        cipher.Dispose();
    }
}
