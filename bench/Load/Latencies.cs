namespace Longspan.Load;

/// <summary>Times of single calls, gathered by many workers.</summary>
internal sealed class Latencies
{
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];

    public void Add(TimeSpan time)
    {
        lock (_gate)
        {
            _milliseconds.Add(time.TotalMilliseconds);
        }
    }

    public int Count => _milliseconds.Count;

    public string Summary()
    {
        if (_milliseconds.Count == 0)
        {
            return "no calls";
        }
        _milliseconds.Sort();
        return $"p50 {At(0.50):F2} ms, p99 {At(0.99):F2} ms, max {_milliseconds[^1]:F2} ms";
    }

    private double At(double share) => _milliseconds[(int)((_milliseconds.Count - 1) * share)];
}
