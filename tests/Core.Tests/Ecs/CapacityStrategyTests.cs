using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class CapacityStrategyTests
{
    private static CapacityStrategy Random(Random random, bool overflow)
    {
        var items = Enumerable.Range(0, random.Next(1, 5)).Select(i => new StrategyItem($"p{i}", 0, random.Next(0, 6))).ToArray();
        items[0] = items[0] with { Weight = random.Next(1, 6) };
        var based = random.Next(0, items.Length + 2);
        if (based < items.Length)
        {
            items[based] = items[based] with { Base = random.Next(1, 6) };
        }
        return new CapacityStrategy(items, overflow);
    }

    private static Dictionary<string, int> Run(CapacityStrategy strategy, int tasks, Dictionary<string, int>? counts = null)
    {
        counts ??= [];
        for (var i = 0; i < tasks; i++)
        {
            var provider = strategy.Candidates(counts)[0];
            counts[provider] = counts.GetValueOrDefault(provider) + 1;
        }
        return counts;
    }

    [Fact]
    public void TheBaseComesFirstThenTheWeights()
    {
        var strategy = new CapacityStrategy([new("a", 2, 1), new("b", 0, 4), new("c", 0, 0)]);
        Assert.Equal(2, Run(strategy, 2)["a"]);
        var counts = Run(strategy, 2 + 10);
        Assert.Equal((4, 8, 0), (counts["a"], counts["b"], counts.GetValueOrDefault("c")));
    }

    [Fact]
    public void SharesAreExactAtEveryFullRoundAndNeverMoreThanATaskOff()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var strategy = Random(random, overflow: false);
            var round = strategy.Items.Sum(i => i.Weight);
            var first = strategy.Items.Sum(i => i.Base);
            var rounds = random.Next(1, 5);
            var counts = Run(strategy, first + (rounds * round));
            foreach (var item in strategy.Items)
            {
                Assert.True(item.Base + (rounds * item.Weight) == counts.GetValueOrDefault(item.Provider), $"seed {seed}");
            }
            Run(strategy, random.Next(1, round + 1), counts);
            foreach (var item in strategy.Items)
            {
                Assert.True(counts.GetValueOrDefault(item.Provider) >= item.Base + (rounds * item.Weight), $"seed {seed}: below its share");
                Assert.True(counts.GetValueOrDefault(item.Provider) <= item.Base + ((rounds + 1) * item.Weight), $"seed {seed}: above its share");
            }
        }
    }

    [Fact]
    public void ReplacementsRestoreTheShares()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var strategy = Random(random, overflow: false);
            var tasks = strategy.Items.Sum(i => i.Base) + (strategy.Items.Sum(i => i.Weight) * random.Next(1, 4));
            var whole = Run(strategy, tasks);
            var some = whole.ToDictionary(c => c.Key, c => c.Value - random.Next(0, c.Value + 1));
            var again = Run(strategy, tasks - some.Values.Sum(), some);
            Assert.True(whole.All(c => again.GetValueOrDefault(c.Key) == c.Value), $"seed {seed}");
        }
    }

    [Fact]
    public void OverflowFillsProvidersInTheirOrderAndReturnsAtTheNextReplacement()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var strategy = Random(random, overflow: true);
            var room = strategy.Items.ToDictionary(i => i.Provider, _ => random.Next(0, 8));
            var counts = new Dictionary<string, int>();
            for (var i = 0; i < 40; i++)
            {
                // Sometimes a task ends; the next one may take its place.
                if (random.Next(4) == 0 && counts.Where(c => c.Value > 0).Select(c => c.Key).FirstOrDefault() is { } ended)
                {
                    counts[ended]--;
                }
                var candidates = strategy.Candidates(counts);
                Assert.Equal(candidates, strategy.Candidates(new Dictionary<string, int>(counts)));
                Assert.Equal(candidates.Count, candidates.Distinct().Count());
                var place = candidates.FirstOrDefault(p => counts.GetValueOrDefault(p) < room[p]);
                if (place is null)
                {
                    Assert.All(strategy.Items.Where(x => x.Weight > 0), x => Assert.Equal(room[x.Provider], counts.GetValueOrDefault(x.Provider)));
                    continue;
                }
                // Whatever is preferred to the place is full, unless the place is filling its base.
                var item = strategy.Items.Single(x => x.Provider == place);
                if (counts.GetValueOrDefault(place) >= item.Base)
                {
                    foreach (var earlier in strategy.Items.TakeWhile(x => x.Provider != place).Where(x => x.Weight > 0))
                    {
                        Assert.True(counts.GetValueOrDefault(earlier.Provider) == room[earlier.Provider], $"seed {seed}: {earlier.Provider} had room");
                    }
                }
                counts[place] = counts.GetValueOrDefault(place) + 1;
                Assert.True(counts[place] <= room[place], $"seed {seed}");
            }
        }
    }

    [Fact]
    public void TheRankSaysHowFarATaskIsFromWhereItShouldBe()
    {
        var strategy = new CapacityStrategy([new("here", 0, 1), new("cloud", 1, 1), new("spot", 0, 1)], Overflow: true);
        var counts = new Dictionary<string, int> { ["here"] = 3, ["cloud"] = 1, ["spot"] = 1 };
        Assert.Equal((0, 0, 2), (strategy.Rank("here", counts), strategy.Rank("cloud", counts), strategy.Rank("spot", counts)));
        counts["cloud"] = 2;
        Assert.Equal(1, strategy.Rank("cloud", counts));
    }
    [Fact]
    public void TheLastTaskOnTheLatestProviderMovesFirstAndABaseStays()
    {
        var strategy = new CapacityStrategy([new("here", 0, 1), new("cloud", 1, 1), new("spot", 0, 1)], Overflow: true);
        List<(string Id, string? Provider)> tasks = [("a", "here"), ("b", "cloud"), ("c", "cloud"), ("d", "spot"), ("e", "spot")];
        var order = new List<string>();
        while (strategy.Misplaced(tasks, tasks.CountBy(t => t.Provider!).ToDictionary()) is { } id)
        {
            order.Add(id);
            tasks[tasks.FindIndex(t => t.Id == id)] = (id, "here");
        }
        Assert.Equal(["e", "d", "c"], order);
    }
}
