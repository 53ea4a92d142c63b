using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Crash;

/// <summary>One half of a commit; the other half bears the same number.</summary>
public sealed record CrashDocument(long Number, string Filler);

[JsonSerializable(typeof(CrashDocument))]
internal sealed partial class CrashJson : JsonSerializerContext;

/// <summary>What the killed process writes, and what the test that kills it looks for.</summary>
public static class CrashLoad
{
    public const int Writers = 8;
    public const string Scope = "crash";
    public const string Group = "crash";

    public static DocumentKind<CrashDocument> Left { get; } = new() { Name = "crash-left", Json = CrashJson.Default.CrashDocument };

    public static DocumentKind<CrashDocument> Right { get; } = new()
    {
        Name = "crash-right",
        Json = CrashJson.Default.CrashDocument,
        Secret = true,
        Indexes = static (key, _) => [("writer", key.Name[..1])],
    };

    public static string NameOf(int writer, long number) => string.Create(CultureInfo.InvariantCulture, $"{writer}/{number:D9}");

    public static string MessageOf(int writer, long sequence, int part) => string.Create(CultureInfo.InvariantCulture, $"{writer} {sequence} {part}");

    public static RecordStream StreamOf(int writer) => new(Scope, Group, string.Create(CultureInfo.InvariantCulture, $"stream-{writer}"));

    internal static async Task WriteDocumentsAsync(StoreFolder folder, int writer, Acknowledgements acknowledged)
    {
        var log = folder.Documents;
        var filler = new string('x', 500);
        var before = await log.ListAsync(Left, Scope, default, $"{writer}/");
        for (var number = before.Count == 0 ? 0 : before[^1].Value.Number + 1; ; number++)
        {
            var value = new CrashDocument(number, filler);
            var name = NameOf(writer, number);
            var result = await log.CommitAsync(new Commit().Create(Left, Scope, name, value).Create(Right, Scope, name, value), default);
            if (!result.Committed)
            {
                throw new InvalidOperationException($"{name}: {result.Status}");
            }
            acknowledged.Say($"d {writer} {number} {result.Revision}");
        }
    }

    internal static async Task WriteRecordsAsync(StoreFolder folder, int writer, Acknowledgements acknowledged)
    {
        var records = folder.Records;
        var newest = await records.ReadStreamAsync(StreamOf(writer), new RecordRange { Backward = true, Limit = 1 }, default);
        for (var sequence = newest.Records.Count == 0 ? 0 : newest.Records[0].TimestampMs; ; sequence++)
        {
            RecordEvent[] events = [new(sequence, MessageOf(writer, sequence, 0)), new(sequence, MessageOf(writer, sequence, 1))];
            await records.AppendAsync(StreamOf(writer), events, default, new BatchKey("node", sequence));
            acknowledged.Say($"r {writer} {sequence}");
        }
    }

    internal static async Task WriteBlobsAsync(StoreFolder folder, Acknowledgements acknowledged)
    {
        var blobs = folder.Blobs;
        while (true)
        {
            // Unpredictable contents of a few pieces, so that a kill finds uploads half-way.
            var content = Encoding.UTF8.GetBytes(RandomNumberGenerator.GetHexString(100_000));
            var id = (await blobs.BeginUploadAsync(default))!;
            for (var at = 0; at < content.Length; at += 25_000)
            {
                await blobs.AppendAsync(id, at, new MemoryStream(content, at, 25_000), default);
            }
            var digest = Store.Blobs.BlobDigest.Of(SHA256.HashData(content));
            await blobs.FinishUploadAsync(id, digest, default);
            acknowledged.Say($"b {digest}");
        }
    }
}
