namespace Longspan.Load.Peers;

/// <summary>One measurement of a few seconds. Processor times are microseconds per message, of this process and of the server's whole tree.</summary>
internal sealed record Sample(long Messages, double Rate, double P50, double P99, double ClientCpu, double ServerCpu);

/// <summary>The same measurement repeated.</summary>
internal sealed class Series
{
    private readonly List<Sample> _samples = [];

    public bool Any => _samples.Count > 0;

    public Sample Last => _samples[^1];

    public void Add(Sample sample) => _samples.Add(sample);

    public double Median(Func<Sample, double> figure) => Spread.Of(_samples.Select(figure)).Median;

    public Spread Of(Func<Sample, double> figure) => Spread.Of(_samples.Select(figure));
}

/// <summary>Median with the smallest and the largest of a few repetitions.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? default : new Spread((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }

    public string Text(string format)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        return $"{Median.ToString(format, culture)} ({Min.ToString(format, culture)}–{Max.ToString(format, culture)})";
    }
}
