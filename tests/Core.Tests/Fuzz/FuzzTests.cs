using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Longspan.Core.Tests.Fuzz;

/// <summary>
/// Parsers of what strangers send, with inputs that chance makes of good ones. Each is given a few thousand here, always the same; <c>./dev fuzz SECONDS</c>
/// searches as long as it is told, from other seeds. What was ever found is kept in <c>Fuzz/Found</c> and tried again each time.
/// </summary>
public sealed class FuzzTests
{
    private const int Rounds = 3000;
    private const int Seed = 20261130;
    /// <summary>Inputs that were taken and go on being changed; the oldest makes room.</summary>
    private const int KeptInputs = 256;
    /// <summary>Longer ones are tried and not kept: in their time, many short ones can be tried.</summary>
    private const int KeptBytes = 4096;
    /// <summary>For the long search only: an input of 64 KiB takes well under a millisecond where nothing is wrong.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    private static int Seconds => int.TryParse(Environment.GetEnvironmentVariable("LONGSPAN_FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private static string FoundFolder(string target) => Path.Combine(AppContext.BaseDirectory, "Fuzz", "Found", target);

    [Theory]
    [MemberData(nameof(Targets))]
    public void Whatever_arrives_is_taken_or_refused(string name)
    {
        var target = FuzzTargets.All.Single(one => one.Name == name);
        Assert.All(target.Samples, sample => Assert.True(target.Accepts(sample), $"the sample itself is good: {Encoding.UTF8.GetString(sample)}"));
        var seed = Seconds > 0 ? (int)(Stopwatch.GetTimestamp() & int.MaxValue) : Seed;
        var mutator = new Mutator(seed, target.Words);
        var kept = new List<byte[]>(target.Samples);
        var (began, rounds, taken) = (Stopwatch.StartNew(), 0L, 0L);
        while (Seconds > 0 ? began.Elapsed.TotalSeconds < Seconds : rounds < Rounds)
        {
            rounds++;
            var input = mutator.Change(kept[mutator.Next(kept.Count)], kept[mutator.Next(kept.Count)]);
            if (!Try(target, input, seed))
            {
                continue;
            }
            taken++;
            if (input.Length > KeptBytes)
            {
                continue;
            }
            if (kept.Count == KeptInputs)
            {
                kept.RemoveAt(target.Samples.Length);
            }
            kept.Add(input);
        }
        if (Seconds > 0)
        {
            File.AppendAllText(Path.Combine(AppContext.BaseDirectory, "fuzz.log"), string.Create(
                CultureInfo.InvariantCulture, $"{name}: {rounds} inputs in {began.Elapsed.TotalSeconds:0} s, {taken} taken, seed {seed}\n"));
        }
        // None taken would mean that only the first check was ever reached.
        Assert.NotEqual(0, taken);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void What_was_found_is_mended(string name)
    {
        var target = FuzzTargets.All.Single(one => one.Name == name);
        var folder = FoundFolder(name);
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            target.Accepts(File.ReadAllBytes(file));
        }
    }

    private static bool Try(FuzzTarget target, byte[] input, int seed)
    {
        try
        {
            var began = Stopwatch.GetTimestamp();
            var taken = target.Accepts(input);
            if (Seconds > 0 && Stopwatch.GetElapsedTime(began) > TooLong)
            {
                // Once, the machine may have been busy elsewhere.
                began = Stopwatch.GetTimestamp();
                target.Accepts(input);
                if (Stopwatch.GetElapsedTime(began) > TooLong)
                {
                    throw new TimeoutException($"It took {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s.");
                }
            }
            return taken;
        }
        catch (Exception defect)
        {
            throw new InvalidOperationException($"{target.Name} failed (seed {seed}); the input is in {Save(target, input)}.", defect);
        }
    }

    private static string Save(FuzzTarget target, byte[] input)
    {
        var path = Path.Combine(Path.GetTempPath(), $"longspan-fuzz-{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}.bin");
        File.WriteAllBytes(path, input);
        return path;
    }
}
