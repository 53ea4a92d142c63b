namespace Longspan.Load.Peers;

/// <summary>All that was measured of one peer. Ratios are taken within pairs: our turn and the peer's turn right after it.</summary>
internal sealed class PeerFigures(IPeer peer)
{
    public IPeer Peer => peer;
    public Series Cycles { get; private set; } = new();
    public Series Singles { get; private set; } = new();
    public Series Paced { get; private set; } = new();
    public List<double> CycleRatios { get; } = [];
    public List<double> SingleRatios { get; } = [];
    public List<double> PacedRatios { get; } = [];
    public BacklogSample? Backlog { get; set; }
    public SyncCount? Syncs { get; set; }

    /// <summary>After the warm-up.</summary>
    public void Forget() => (Cycles, Singles, Paced) = (new(), new(), new());

    public void Pair(PeerFigures ours)
    {
        if (Paced.Any)
        {
            CycleRatios.Add(ours.Cycles.Last.Rate / Cycles.Last.Rate);
            SingleRatios.Add(ours.Singles.Last.Rate / Singles.Last.Rate);
            PacedRatios.Add(Paced.Last.P99 / ours.Paced.Last.P99);
        }
    }
}
