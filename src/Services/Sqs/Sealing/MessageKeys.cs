using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Longspan.Services.Sqs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Messages;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Sqs.Sealing;

/// <summary>
/// Encryption at rest of messages (docs/adr/0009-sealed-messages.md). Payloads are sealed by the caller that sends and opened by the one that receives;
/// journal, database and the store's memory hold ciphertext only, and the store's one writer does no cryptography.
/// The first sealed message makes the first key. A day later, or after so many messages that random nonces could begin to repeat, the next
/// send makes the next one. Keys are documents; a message is sealed only with a key that is on disk.
/// </summary>
public sealed partial class MessageKeys : IDisposable
{
    /// <summary>At 25,000 messages a second a key sees 2^31 of them in a day; NIST's bound for random nonces is 2^32.</summary>
    internal static readonly TimeSpan KeyLife = TimeSpan.FromDays(1);
    internal const long MostSeals = 1L << 31;
    /// <summary>After a new key could not be stored the old one serves at least so long.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>Ids are random; not even a second attempt is likely.</summary>
    private const int MostIdAttempts = 5;

    private readonly DocumentLog _documents;
    private readonly byte[] _digestKey;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly long _mostSeals;
    private readonly ConcurrentDictionary<uint, MessageKey> _keys = new();
    private readonly SemaphoreSlim _making = new(1, 1);
    private volatile MessageKey? _current;
    private DateTimeOffset _retryAt;

    internal MessageKeys(DocumentLog documents, byte[] digestKey, TimeProvider clock, ILogger log, long mostSeals = MostSeals) =>
        (_documents, _digestKey, _clock, _log, _mostSeals) = (documents, digestKey, clock, log, mostSeals);

    /// <exception cref="Store.SealException">A key does not open: nobody could read the messages sealed with it, so the start stops here.</exception>
    internal async ValueTask LoadAsync(CancellationToken stop)
    {
        var newest = 0L;
        foreach (var document in await _documents.ListAllAsync(MessageKeyDocument.Kind, stop))
        {
            var key = Keep(document.Key.Name, document.Value);
            if (document.CreatedRevision > newest)
            {
                newest = document.CreatedRevision;
                _current = key;
            }
        }
    }

    /// <summary>The key for messages sent now.</summary>
    internal ValueTask<MessageKey> CurrentAsync(CancellationToken stop)
    {
        var current = _current;
        return current is not null && !IsDue(current) ? new(current) : new(RenewAsync(current, stop));
    }

    /// <summary>Reads a stored payload, sealed or clear. On false nothing of it can be believed, and <paramref name="reason"/> says why.</summary>
    internal bool TryOpen(byte[] stored, out MessagePayload payload, out string reason)
    {
        if (!SealedLayout.IsSealed(stored))
        {
            return MessagePayload.TryDecode(stored, out payload, out reason);
        }
        payload = null!;
        if (stored.Length < SealedLayout.Overhead)
        {
            reason = $"it has {stored.Length} bytes, fewer than any sealed message";
            return false;
        }
        var id = SealedLayout.KeyId(stored);
        if (!_keys.TryGetValue(id, out var key))
        {
            reason = $"it was sealed with message key {id:x8}, which this data folder does not have";
            return false;
        }
        // The store's array must stay as it is: the same message may be handed out again.
        var length = stored.Length - SealedLayout.Overhead;
        var clear = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (key.TryOpen(stored, clear.AsSpan(0, length)))
            {
                return MessagePayload.TryDecode(clear.AsSpan(0, length), out payload, out reason);
            }
            reason = $"it was altered after it was sealed with message key {id:x8}";
            return false;
        }
        finally
        {
            clear.AsSpan(0, length).Clear();
            ArrayPool<byte>.Shared.Return(clear);
        }
    }

    /// <summary>
    /// What the store compares instead of a text. Keyed, because the text may be a digest of the body, and an unkeyed one would let a reader of the
    /// files try out bodies.
    /// </summary>
    internal UInt128 Digest(string text)
    {
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_digestKey, Encoding.UTF8.GetBytes(text), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    /// <summary>The documents are gone. Comes before queues are dropped, so that no message outlives its key.</summary>
    internal async ValueTask ResetAsync(CancellationToken stop)
    {
        await _making.WaitAsync(stop);
        try
        {
            _current = null;
            Drop();
        }
        finally
        {
            _making.Release();
        }
    }

    public void Dispose()
    {
        Drop();
        _making.Dispose();
    }

    // A clock that was set back or forth must not keep one key for years.
    private bool IsDue(MessageKey key) => key.Seals >= _mostSeals || (_clock.GetUtcNow() - key.CreatedAt).Duration() >= KeyLife;

    private async Task<MessageKey> RenewAsync(MessageKey? old, CancellationToken stop)
    {
        if (old is null)
        {
            await _making.WaitAsync(stop);
        }
        else if (!await _making.WaitAsync(TimeSpan.Zero, stop))
        {
            // Somebody makes the next one; nobody has to wait for it.
            return old;
        }
        try
        {
            if (_current is { } present && (!IsDue(present) || _clock.GetUtcNow() < _retryAt))
            {
                return present;
            }
            return await MakeAsync();
        }
        catch (IOException e) when (old is not null)
        {
            _retryAt = _clock.GetUtcNow() + RetryAfter;
            LogKeptOld(old.Id, e);
            return old;
        }
        catch (IOException e)
        {
            throw new MessageStoreUnavailableException("The first message key cannot be stored.", e);
        }
        finally
        {
            _making.Release();
        }
    }

    private async Task<MessageKey> MakeAsync()
    {
        for (var attempt = 0; attempt < MostIdAttempts; attempt++)
        {
            var id = BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint)));
            var name = id.ToString("x8", CultureInfo.InvariantCulture);
            var document = new MessageKeyDocument(RandomNumberGenerator.GetBytes(MessageKey.Length), _clock.GetUtcNow().ToUnixTimeMilliseconds());
            var commit = new Commit().Create(MessageKeyDocument.Kind, MessageKeyDocument.Scope, name, document);
            // Not to be cancelled: other callers will use what this one began. A conflict means that the id is taken.
            if ((await _documents.CommitAsync(commit, CancellationToken.None)).Committed)
            {
                var before = _current;
                var key = Keep(name, document);
                _current = key;
                before?.Trim();
                LogMade(id, _keys.Count);
                return key;
            }
        }
        throw new IOException($"{MostIdAttempts} new message keys in a row met ids that are taken.");
    }

    private MessageKey Keep(string name, MessageKeyDocument document)
    {
        var id = uint.Parse(name, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var key = new MessageKey(id, document.Key, DateTimeOffset.FromUnixTimeMilliseconds(document.CreatedAt));
        _keys[id] = key;
        return key;
    }

    private void Drop()
    {
        foreach (var id in _keys.Keys)
        {
            if (_keys.TryRemove(id, out var key))
            {
                key.Trim();
            }
        }
    }
}
