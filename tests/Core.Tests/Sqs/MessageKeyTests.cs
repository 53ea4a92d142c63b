using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Longspan.Core.Tests.Store;
using Longspan.Services.Sqs;
using Longspan.Services.Sqs.Documents;
using Longspan.Services.Sqs.Sealing;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>Sealing and opening, key by key and byte by byte.</summary>
public sealed class MessageKeyTests : IAsyncLifetime, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-keys-");
    private readonly ManualClock _clock = new();
    private readonly RecordedLog _log = new();
    private readonly byte[] _digestKey = new byte[32];
    private RefusingBackend _backend = null!;
    private DocumentLog _documents = null!;
    private MessageKeys _keys = null!;

    public async Task InitializeAsync()
    {
        _backend = new RefusingBackend(new SqliteDocumentBackend(Path.Combine(_folder.FullName, "documents.db")));
        _documents = await DocumentLog.OpenAsync(_backend, Sealer.Ephemeral(), _clock);
        _keys = new MessageKeys(_documents, _digestKey, _clock, _log);
    }

    public async Task DisposeAsync()
    {
        await _documents.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task TheSealedLayoutIsWhatTheFormatSays()
    {
        var id = (await _keys.CurrentAsync(default)).Id;
        var document = Assert.Single(await _documents.ListAllAsync(MessageKeyDocument.Kind, default));
        Assert.Equal($"{id:x8}", document.Key.Name);
        var clear = Encode("made by hand", null);
        var nonce = RandomNumberGenerator.GetBytes(12);
        byte[] head = [0xFE, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(1), id);
        var (text, tag) = (new byte[clear.Length], new byte[16]);
        using var cipher = new AesGcm(document.Value.Key, 16);
        cipher.Encrypt(nonce, clear, text, tag, head);
        Assert.Equal("made by hand", Body([.. head, .. nonce, .. text, .. tag]));
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public async Task NoChangedByteGoesUnnoticed(byte change)
    {
        var stored = Encode("the true body", await _keys.CurrentAsync(default));
        var genuine = stored.ToArray();
        for (var at = 0; at < stored.Length; at++)
        {
            stored[at] ^= change;
            Assert.False(_keys.TryOpen(stored, out _, out var reason), $"byte {at}");
            Assert.NotEmpty(reason);
            stored[at] ^= change;
            Assert.False(_keys.TryOpen(stored[..at], out _, out _), $"the first {at} bytes");
        }
        Assert.Equal("the true body", Body(stored));
        // The store goes on using the array.
        Assert.Equal(genuine, stored);
    }

    [Fact]
    public void DamagedClearPayloadsAreRefusedAndNeverThrow()
    {
        var stored = Encode("a clear body", null);
        for (var length = 0; length < stored.Length; length++)
        {
            Assert.False(_keys.TryOpen(stored[..length], out _, out _), $"{length} bytes");
        }
        Assert.False(_keys.TryOpen([.. stored, 0], out _, out _));
        for (var at = 0; at < stored.Length; at++)
        {
            var changed = stored.ToArray();
            changed[at] ^= 0xFF;
            _keys.TryOpen(changed, out _, out _);
        }
        Assert.Equal("a clear body", Body(stored));
    }

    [Fact]
    public async Task ManyThreadsShareAKey()
    {
        var key = await _keys.CurrentAsync(default);
        var nonces = new ConcurrentDictionary<string, bool>();
        Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
        {
            var stored = Encode($"body {i}", key);
            Assert.True(nonces.TryAdd(Convert.ToHexString(stored, 5, 12), true), "a nonce came twice");
            Assert.Equal($"body {i}", Body(stored));
        });
        Assert.Equal(4000, key.Seals);
    }

    [Fact]
    public async Task AKeyIsReplacedAfterItsMessages()
    {
        using var keys = new MessageKeys(_documents, _digestKey, _clock, _log, mostSeals: 3);
        var stored = new List<byte[]>();
        for (var i = 0; i < 7; i++)
        {
            stored.Add(Encode($"{i}", await keys.CurrentAsync(default)));
        }
        Assert.Equal([3, 3, 1], stored.GroupBy(s => SealedLayout.KeyId(s)).Select(g => g.Count()));
        await _keys.LoadAsync(default);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], stored.Select(Body));
        // The newest is the one that goes on.
        Assert.Equal(SealedLayout.KeyId(stored[^1]), (await _keys.CurrentAsync(default)).Id);
    }

    [Fact]
    public async Task CallersThatMeetNoKeyGetTheSameOne()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () => await _keys.CurrentAsync(default))));
        Assert.Single(all.Distinct());
        Assert.Single(await _documents.ListAllAsync(MessageKeyDocument.Kind, default));
    }

    [Fact]
    public async Task ADiskThatRefusesTheFirstKeyRefusesTheMessageAndALaterOneKeepsTheOldKey()
    {
        _backend.Refuses = true;
        await Assert.ThrowsAsync<MessageStoreUnavailableException>(async () => await _keys.CurrentAsync(default));
        _backend.Refuses = false;
        var first = await _keys.CurrentAsync(default);
        _clock.Advance(MessageKeys.KeyLife);
        _backend.Refuses = true;
        var asked = _backend.Asked;
        Assert.Same(first, await _keys.CurrentAsync(default));
        Assert.Same(first, await _keys.CurrentAsync(default));
        Assert.Equal(asked + 1, _backend.Asked);
        Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        _backend.Refuses = false;
        Assert.Same(first, await _keys.CurrentAsync(default));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotSame(first, await _keys.CurrentAsync(default));
    }

    [Fact]
    public void DigestsDependOnTheKey()
    {
        using var other = new MessageKeys(_documents, [1, .. new byte[31]], _clock, _log);
        Assert.Equal(_keys.Digest("a"), _keys.Digest("a"));
        Assert.NotEqual(_keys.Digest("a"), _keys.Digest("b"));
        Assert.NotEqual(_keys.Digest("a"), other.Digest("a"));
        Assert.NotEqual(BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes("a"))), _keys.Digest("a"));
    }

    private static byte[] Encode(string body, MessageKey? key) => MessagePayload.Encode(body, [], "AIDA", null, null, key, out _, out _);

    private string Body(byte[] stored)
    {
        Assert.True(_keys.TryOpen(stored, out var payload, out var reason), reason);
        return payload.Body;
    }

    /// <summary>Takes no commits while told so.</summary>
    private sealed class RefusingBackend(DocumentBackend inner) : ForwardingBackend(inner)
    {
        public bool Refuses { get; set; }
        public int Asked { get; private set; }

        public override ValueTask<IReadOnlyList<AppliedCommit>> ApplyAsync(
            IReadOnlyList<PreparedCommit> commits, DateTimeOffset now, CancellationToken stop)
        {
            Asked++;
            return Refuses ? throw new IOException("No space left on device") : base.ApplyAsync(commits, now, stop);
        }
    }
}
