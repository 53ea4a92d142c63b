using System.Buffers.Binary;
using System.Numerics;
using Longspan.Api.LongspanQueues;
using Longspan.Api.Shapes;
using Longspan.Services.Sqs.Documents;
using Longspan.Store;
using Longspan.Support;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>Somebody, or a failing disk, alters what is stored: an error, a line in the log, never a false body.</summary>
public sealed class TamperTests
{
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "does not have")]
    [InlineData(5, "altered")]
    [InlineData(17, "altered")]
    [InlineData(-1, "altered")]
    public async Task AnAlteredRowIsLeftOutLoggedAndDeadLettered(int at, string reason)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var dead = await sqs.CreateAsync("dead");
        var arn = (await sqs.AttributesAsync(dead, "QueueArn"))["QueueArn"];
        var url = await sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":2}"""));
        await sqs.SendAsync(url, "good one");
        var bad = (await sqs.SendAsync(url, "secret one")).MessageId;
        await sqs.RestartAsync(() => AlterLastPayload(sqs, body => body[at < 0 ? body.Length + at : at] ^= 0xFF));

        var good = Assert.Single(await sqs.ReceiveAsync(url, visibility: 1));
        Assert.Equal("good one", good.Body);
        await sqs.DeleteAsync(url, good.ReceiptHandle!);
        var line = Assert.Single(sqs.Log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains(bad!, line);
        Assert.Contains(":orders", line);
        Assert.Contains(reason, line);
        Assert.DoesNotContain("secret", line);
        var peeked = await sqs.Do(LongspanQueuesOperations.PeekMessages, new PeekMessagesRequest { QueueUrl = url });
        Assert.Equal((bad, null), (Assert.Single(peeked.Messages!).MessageId, peeked.Messages![0].Body));

        sqs.Clock.Advance(TimeSpan.FromSeconds(2));
        await ReceiveFailsAsync(sqs, url);
        Assert.Equal((0, 1, 0), await sqs.DepthAsync(url));
        sqs.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await sqs.ReceiveAsync(url));
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(url));
        await ReceiveFailsAsync(sqs, dead);
    }

    [Fact]
    public async Task AnAlteredFifoMessageHoldsItsGroupBack()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true"));
        foreach (var body in (string[])["b1", "a1", "a2"])
        {
            await sqs.SendAsync(url, body, group: body[..1], deduplication: body);
        }
        await sqs.RestartAsync(() => AlterLastPayload(sqs, body => body[^1] ^= 1));
        await sqs.SendAsync(url, "a3", group: "a", deduplication: "a3");
        var messages = await sqs.ReceiveAsync(url, visibility: 1);
        Assert.Equal(["a1", "b1"], messages.Select(m => m.Body).Order());
        foreach (var message in messages)
        {
            await sqs.DeleteAsync(url, message.ReceiptHandle!);
        }
        sqs.Clock.Advance(TimeSpan.FromSeconds(2));
        await ReceiveFailsAsync(sqs, url);
        Assert.Equal((0, 2, 0), await sqs.DepthAsync(url));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnAlteredJournalCostsItsFrameOrItsMessage(bool withItsChecksum)
    {
        var copy = Directory.CreateTempSubdirectory("longspan-copy-");
        var clock = new ManualClock();
        await using (var sqs = await SqsFixture.StartAsync(clock))
        {
            var url = await sqs.CreateAsync("orders");
            await sqs.SendAsync(url, "secret one");
            await sqs.SendAsync(url, "good one");
            Traces.Copy(sqs.Folder, copy.FullName);
        }
        var journal = Directory.GetFiles(Path.Combine(copy.FullName, "messages"), "journal-*.log").Single();
        await AlterFirstPayloadAsync(journal, withItsChecksum);
        await using (var sqs = await SqsFixture.StartAsync(clock, copy.FullName))
        {
            Assert.Equal("good one", Assert.Single(await sqs.ReceiveAsync("orders", visibility: 1)).Body);
            Assert.Equal(withItsChecksum, sqs.Log.Lines.Any(l => l.Contains("altered", StringComparison.Ordinal)));
        }
        // Without it the whole frame is known to be damaged, and the store has set it aside.
        Assert.Equal(!withItsChecksum, Directory.GetDirectories(Path.Combine(copy.FullName, "messages"), "damaged-*").Length > 0);
        copy.Delete(recursive: true);
    }

    [Fact]
    public async Task AnAlteredKeyDocumentStopsTheStartAndLosesNothing()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "secret one");
        var refusal = await Assert.ThrowsAsync<SealException>(() => sqs.RestartAsync(() => AlterKey(sqs)));
        Assert.Contains(MessageKeyDocument.Kind.Name, refusal.Message);
        // The same bit again: the document as it was.
        await sqs.ReopenAsync(() => AlterKey(sqs));
        Assert.Equal("secret one", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    private static async Task ReceiveFailsAsync(SqsFixture sqs, string url)
    {
        var failure = await Assert.ThrowsAsync<AwsError>(() => sqs.ReceiveAsync(url, visibility: 30));
        Assert.Equal(("InternalFailure", 500), (failure.Code, failure.HttpStatus));
    }

    private static void AlterLastPayload(SqsFixture sqs, Action<byte[]> alter) =>
        Alter(Path.Combine(sqs.Folder, "messages", "messages.db"), "payload", "seq=(SELECT max(seq) FROM payload)", alter, ", checksum=NULL");

    private static void AlterKey(SqsFixture sqs) =>
        Alter(Path.Combine(sqs.Folder, "documents.db"), "documents", $"kind='{MessageKeyDocument.Kind.Name}'", body => body[^20] ^= 4);

    /// <param name="also">Somebody who alters a body alters its checksum too; a disk that does so is found out before the seal is.</param>
    private static void Alter(string path, string table, string where, Action<byte[]> alter, string also = "")
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var read = connection.CreateCommand();
        read.CommandText = $"SELECT body FROM {table} WHERE {where}";
        var body = (byte[])read.ExecuteScalar()!;
        alter(body);
        using var write = connection.CreateCommand();
        write.CommandText = $"UPDATE {table} SET body=$body{also} WHERE {where}";
        write.Parameters.AddWithValue("$body", body);
        Assert.Equal(1, write.ExecuteNonQuery());
    }

    /// <summary>Changes one byte of ciphertext in the first frame that has a sealed payload, and makes the frame's CRC-32C fit if asked to.</summary>
    private static async Task AlterFirstPayloadAsync(string journal, bool fixChecksum)
    {
        const int headerLength = 24;
        var bytes = await File.ReadAllBytesAsync(journal);
        for (var start = 0; start + headerLength <= bytes.Length;)
        {
            var length = headerLength + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(start + 4));
            var frame = bytes.AsSpan(start, length);
            // A payload of some 100 bytes is preceded by its length: its format byte is the first 0xFE behind such a number.
            var at = frame.IndexOf((ReadOnlySpan<byte>)[0, 0, 0, 0xFE]);
            if (at >= headerLength)
            {
                frame[at + 40] ^= 0x10;
                if (fixChecksum)
                {
                    frame.Slice(16, 4).Clear();
                    BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], Checksum(frame));
                }
                await File.WriteAllBytesAsync(journal, bytes);
                return;
            }
            start += length;
        }
        Assert.Fail("there is no sealed payload in the journal");
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }
        return ~crc;
    }
}
