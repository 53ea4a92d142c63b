namespace Longspan.Tasks;

/// <summary>Times of one kind of thing, in the order in which they were taken.</summary>
internal sealed class Series(string name)
{
    private readonly List<double> _milliseconds = [];

    public void Add(TimeSpan time) => _milliseconds.Add(time.TotalMilliseconds);

    public string Row()
    {
        var sorted = _milliseconds.Order().ToArray();
        return FormattableString.Invariant(
            $"| {name} | {sorted.Length} | {At(sorted, 0.50):F0} | {At(sorted, 0.90):F0} | {At(sorted, 0.99):F0} | {sorted[0]:F0} | {sorted[^1]:F0} |");
    }

    // The nearest rank: with 50 values p99 is the largest.
    private static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
}
