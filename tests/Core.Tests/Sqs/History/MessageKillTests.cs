using System.Globalization;
using System.Security.Cryptography;
using Longspan.Crash;
using Longspan.Support.History;
using Xunit;
using Xunit.Abstractions;

namespace Longspan.Core.Tests.Sqs.History;

/// <summary>
/// Producers and consumers in a process of their own that is killed a hundred times. <c>LONGSPAN_KILLS</c> asks for more of them,
/// <c>LONGSPAN_SEED</c> for the choices of an earlier run (what the kills interrupt is for the machine to decide, all the same).
/// </summary>
public sealed class MessageKillTests(ITestOutputHelper output)
{
    private const int Lanes = 2;

    [Fact]
    public async Task A_hundred_kills_break_no_promise()
    {
        var kills = Setting("LONGSPAN_KILLS", 100);
        var seed = Setting("LONGSPAN_SEED", RandomNumberGenerator.GetInt32(int.MaxValue));
        var lanes = Enumerable.Range(0, Lanes).Select(lane => RunAsync(lane, seed + lane, (kills + Lanes - 1) / Lanes));
        var said = await Task.WhenAll(lanes);
        Array.ForEach(said, output.WriteLine);
    }

    private static async Task<string> RunAsync(int lane, int seed, int kills)
    {
        using var store = new KilledStore(lane, seed);
        for (var round = 0; round < kills; round++)
        {
            await store.RunAndKillAsync();
        }
        await store.DrainAsync();
        var violations = HistoryChecker.Check(store.Events, [.. MessageLoad.Queues.Values]);
        if (violations.Count > 0)
        {
            var file = Path.Combine(Path.GetTempPath(), $"longspan-history-{seed}.txt");
            await File.WriteAllLinesAsync(file, store.Events.Select(e => e.Encode()));
            Assert.Fail($"{violations.Count} broken promises; LONGSPAN_SEED={seed - lane}, history in {file}\n{string.Join('\n', violations.Take(20))}");
        }
        var answers = store.Events.Where(e => !e.IsCall).GroupBy(e => e.Kind).ToDictionary(g => g.Key, g => g.Sum(e => Math.Max(1, e.Items.Count)));
        Assert.True(answers[HistoryEvent.Delete] > kills * 3, "So few deletes were answered that the kills proved little.");
        return $"seed {seed}: {kills} kills, {store.DuringStart} of them during a start, {store.Events.Count(e => e.IsCall)} calls, "
            + string.Join(", ", answers.Select(a => $"{a.Value} {a.Key}"));
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
