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
        return $"p50 {At(0.50):F2} ms, p99 {At(0.99):F2} ms, max {At(1):F2} ms";
    }

    /// <summary>In milliseconds; asked when all calls are over.</summary>
    public double At(double share)
    {
        _milliseconds.Sort();
        return _milliseconds[(int)((_milliseconds.Count - 1) * share)];
    }
}
