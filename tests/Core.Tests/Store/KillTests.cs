using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Longspan.Crash;
using Longspan.Store;
using Longspan.Store.Blobs;
using Longspan.Store.Records;
using Xunit;

namespace Longspan.Core.Tests.Store;

/// <summary>
/// A process that writes under load is killed again and again, at moments that its own progress decides. Everything that it acknowledged must
/// be in the folder afterwards, and nothing by halves.
/// </summary>
public sealed class KillTests
{
    private const int Rounds = 12;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task EverythingAcknowledgedIsThereAfterKills()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-kill-");
        try
        {
            var acknowledged = new List<string>();
            for (var round = 0; round < Rounds; round++)
            {
                // From "hardly started" to "well under way", never the same place twice.
                var said = await RunAndKillAsync(folder.FullName, killAfterLines: 1 + (round * 67));
                Assert.Equal("ready", said[0]);
                acknowledged.AddRange(said[1..]);
                await VerifyAsync(folder.FullName, acknowledged);
            }
            Assert.True(acknowledged.Count > Rounds * 300, $"Only {acknowledged.Count} changes were acknowledged; the kills proved little.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<List<string>> RunAndKillAsync(string folder, int killAfterLines)
    {
        var host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        var start = new ProcessStartInfo(host)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", typeof(CrashLoad).Assembly.Location, folder },
        };
        using var process = Process.Start(start)!;
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            var faults = process.StandardError.ReadToEndAsync(deadline.Token);
            var said = new List<string>();
            while (said.Count < killAfterLines)
            {
                said.Add(await process.StandardOutput.ReadLineAsync(deadline.Token)
                    ?? throw new InvalidOperationException($"The writer ended by itself after {said.Count} lines: {await faults}"));
            }
            process.Kill();
            // The pipe still holds what was said up to the kill; a last line without its end was not said.
            var rest = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            said.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await process.WaitForExitAsync(deadline.Token);
            return said;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task VerifyAsync(string path, List<string> acknowledged)
    {
        await using var folder = await StoreFolder.OpenAsync(path, TimeProvider.System);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(path, "blobs", "uploads")));
        await VerifyDocumentsAsync(folder, acknowledged);
        await VerifyRecordsAsync(folder, acknowledged);
        foreach (var line in acknowledged.Where(line => line[0] == 'b'))
        {
            Assert.True(BlobDigest.TryParse(line[2..], out var digest), line);
            await using var reading = await folder.Blobs.OpenAsync(digest, default);
            Assert.True(reading is not null, $"{line} is missing");
            Assert.Equal(digest, BlobDigest.Of(await SHA256.HashDataAsync(reading.Content)));
        }
    }

    private static async Task VerifyDocumentsAsync(StoreFolder folder, List<string> acknowledged)
    {
        var left = await folder.Documents.ListAllAsync(CrashLoad.Left, default);
        var right = await folder.Documents.ListAllAsync(CrashLoad.Right, default);
        // Both halves of each commit, at one revision, whether its acknowledgement got out or not.
        Assert.Equal(left.Select(one => (one.Key.Name, one.Revision, one.Value)), right.Select(one => (one.Key.Name, one.Revision, one.Value)));
        var revisions = left.ToDictionary(one => one.Key.Name, one => one.Revision);
        Assert.Equal(Enumerable.Range(1, revisions.Count).Select(i => (long)i), revisions.Values.Order());
        Assert.Equal(revisions.Count, folder.Documents.Revision);
        var indexed = 0;
        for (var writer = 0; writer < CrashLoad.Writers; writer++)
        {
            indexed += (await folder.Documents.ListByIndexAsync(
                CrashLoad.Right, CrashLoad.Scope, "writer", writer.ToString(CultureInfo.InvariantCulture), default)).Count;
        }
        Assert.Equal(revisions.Count, indexed);
        foreach (var line in acknowledged.Where(line => line[0] == 'd'))
        {
            var parts = line.Split(' ');
            var name = CrashLoad.NameOf(int.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture));
            Assert.True(revisions.TryGetValue(name, out var revision), $"{line} is missing");
            Assert.Equal(long.Parse(parts[3], CultureInfo.InvariantCulture), revision);
        }
    }

    private static async Task VerifyRecordsAsync(StoreFolder folder, List<string> acknowledged)
    {
        var kept = new HashSet<string>();
        for (var writer = 0; writer < CrashLoad.Writers; writer++)
        {
            var page = new RecordPage([], true);
            RecordPosition? after = null;
            while (page.More)
            {
                page = await folder.Records.ReadStreamAsync(CrashLoad.StreamOf(writer), new RecordRange { Limit = 10_000, After = after }, default);
                Assert.All(page.Records, one => Assert.True(kept.Add(one.Message), $"'{one.Message}' is there twice"));
                after = page.Records.Count > 0 ? page.Records[^1].Position : after;
            }
        }
        foreach (var line in acknowledged.Where(line => line[0] == 'r'))
        {
            var parts = line.Split(' ');
            var (writer, sequence) = (int.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture));
            Assert.Contains(CrashLoad.MessageOf(writer, sequence, 0), kept);
            Assert.Contains(CrashLoad.MessageOf(writer, sequence, 1), kept);
        }
    }
}
