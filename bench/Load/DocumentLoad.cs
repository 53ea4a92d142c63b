using System.Diagnostics;
using System.Text.Json.Serialization;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Load;

internal sealed record Body(string Text, int Number);

[JsonSerializable(typeof(Body))]
internal sealed partial class BodyJson : JsonSerializerContext;

/// <summary>The figures of docs/adr/0001 and 0002: the document and record stores in this process, on the disk of the given folder.</summary>
internal static class DocumentLoad
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(3);
    private static readonly string Filler = new('x', 1000);

    private static readonly DocumentKind<Body> Kind = new()
    {
        Name = "load",
        Json = BodyJson.Default.Body,
        Indexes = static (_, body) => [("number", $"{body.Number % 10}")],
    };

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var path = Directory.CreateDirectory(Path.Combine(arguments.Text("folder", Path.GetTempPath()), $"longspan-load-{Environment.ProcessId}")).FullName;
        try
        {
            Console.WriteLine($"{Environment.ProcessorCount} processors, {path}");
            BareSync(path);
            await CommitsAsync(path);
            await LifeAsync(path);
            await RecordsAsync(path);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
        return 0;
    }

    /// <summary>What a sync costs by itself, to read the rest against.</summary>
    private static void BareSync(string path)
    {
        using var file = new FileStream(Path.Combine(path, "bare"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        var times = new List<double>();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Span;)
        {
            var start = Stopwatch.GetTimestamp();
            file.Write(page);
            file.Flush(flushToDisk: true);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        Console.WriteLine($"bare 4 KiB append + sync: {times.Count / Span.TotalSeconds:F0}/s, {Percentiles(times)}");
    }

    private static async Task CommitsAsync(string path)
    {
        foreach (var (group, writers) in new[] { (1, 1), (1, 64), (32, 64), (256, 1), (256, 8), (256, 64), (256, 256), (256, 1024) })
        {
            await using var folder = await StoreFolder.OpenAsync(
                Path.Combine(path, $"g{group}-w{writers}"), TimeProvider.System, DocumentLogSettings.Default with { GroupCommits = group });
            var times = await ManyAsync(writers, (writer, i) => folder.Documents.CommitAsync(
                new Commit().Put(Kind, "scope", $"{writer}/{i % 100}", new Body(Filler, i)), default).AsTask());
            Console.WriteLine($"commits, groups up to {group,3}, {writers,4} writers: {times.Count / Span.TotalSeconds,6:F0}/s, {Percentiles(times)}");
        }
    }

    private static async Task LifeAsync(string path)
    {
        const int Documents = 50_000;
        var place = Path.Combine(path, "life");
        await using (var folder = await StoreFolder.OpenAsync(place, TimeProvider.System))
        {
            await Parallel.ForAsync(0, Documents / 100, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (batch, stop) =>
            {
                var commit = new Commit();
                for (var i = 0; i < 100; i++)
                {
                    commit.Put(Kind, "scope", $"{(batch * 100) + i:D6}", new Body(Filler, i));
                }
                await folder.Documents.CommitAsync(commit, stop);
            });
        }
        var watch = Stopwatch.StartNew();
        await using var opened = await StoreFolder.OpenAsync(place, TimeProvider.System);
        Console.WriteLine($"open a folder of {Documents} documents: {watch.Elapsed.TotalMilliseconds:F1} ms");
        foreach (var readers in new[] { 1, 4, 16 })
        {
            var times = await ManyAsync(readers, (reader, i) => Task.Run(async () =>
                await opened.Documents.GetAsync(Kind, "scope", $"{((reader * 7919) + (i * 31)) % Documents:D6}", default)));
            Console.WriteLine($"gets, {readers,2} readers: {times.Count / Span.TotalSeconds,6:F0}/s, {Percentiles(times)}");
        }
        watch.Restart();
        var listed = await opened.Documents.ListAsync(Kind, "scope", default, limit: 1000);
        Console.WriteLine($"list {listed.Count}: {watch.Elapsed.TotalMilliseconds:F1} ms");
        watch.Restart();
        await opened.ResetAsync(default);
        Console.WriteLine($"reset {Documents} documents: {watch.Elapsed.TotalMilliseconds:F1} ms");
        var resets = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            await opened.Documents.CommitAsync(new Commit().Put(Kind, "scope", "one", new Body(Filler, i)), default);
            watch.Restart();
            await opened.ResetAsync(default);
            resets.Add(watch.Elapsed.TotalMilliseconds);
        }
        Console.WriteLine($"reset a small folder: {Percentiles(resets)}");
    }

    private static async Task RecordsAsync(string path)
    {
        await using var folder = await StoreFolder.OpenAsync(Path.Combine(path, "records"), TimeProvider.System);
        var line = Filler[..200];
        foreach (var writers in new[] { 1, 16, 64 })
        {
            var times = await ManyAsync(writers, (writer, i) => folder.Records.AppendAsync(
                new RecordStream("scope", "group", $"{writer}"), [.. Enumerable.Range(0, 50).Select(_ => new RecordEvent(i, line))], default).AsTask());
            Console.WriteLine($"log batches of 50 events, {writers,2} writers: {times.Count * 50 / Span.TotalSeconds,7:F0} events/s, {Percentiles(times)}");
        }
    }

    private static async Task<List<double>> ManyAsync(int callers, Func<int, int, Task> call)
    {
        var watch = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var times = new List<double>();
            for (var i = 0; watch.Elapsed < Span; i++)
            {
                var start = Stopwatch.GetTimestamp();
                await call(caller, i);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            return times;
        })));
        return [.. all.SelectMany(one => one)];
    }

    private static string Percentiles(List<double> times)
    {
        times.Sort();
        return $"p50 {times[times.Count / 2]:F2} ms, p99 {times[(int)(times.Count * 0.99)]:F2} ms";
    }
}
