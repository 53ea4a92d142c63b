namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// The order in which messages became visible, except that groups which take more than their share come last (<see cref="Tenants"/>). A message
/// that comes back goes behind what waits, so that one that nobody can process does not hold up the rest. Messages without a group are each
/// on their own and never noisy; a queue that has only those is one list.
/// </summary>
internal sealed class StandardOrder : DeliveryOrder
{
    private readonly EntryList _plain = new();
    private Tenants? _tenants;
    private long _turn;
    private int _ready;
    private int _inFlight;

    public override int Available => _ready;

    /// <summary>What <see cref="Next"/> gives belongs to a noisy group: in memory there is nothing else.</summary>
    public bool OnlyNoisy => _tenants is { HasQuietReady: false } && _plain.Count == 0 && _ready > 0;

    public IReadOnlySet<string> Noisy => _tenants is null ? new HashSet<string>() : _tenants.NoisyIds.ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether a message of this group should not wait behind the tail, because the tail is a noisy neighbour's.</summary>
    public bool Prefers(Entry entry) => _tenants is not null && _tenants.Prefers(entry.GroupId);

    public override void Advance(long now) => _tenants?.Advance(now);

    public override void BeginTaking() => _tenants?.Review();

    public override void Link(Entry entry)
    {
        if (entry.GroupId is not null)
        {
            _tenants ??= new Tenants(_inFlight);
            _tenants.Join(entry);
        }
        Enter(entry);
    }

    public override void Unlink(Entry entry)
    {
        Leave(entry, entry.State);
        if (entry.Tenant is not null)
        {
            _tenants!.Leave(entry);
        }
    }

    public override void Changed(Entry entry, EntryState before)
    {
        Leave(entry, before);
        Enter(entry);
    }

    public override Entry? Next()
    {
        var plain = _plain.First;
        if (_tenants is null)
        {
            return plain;
        }
        var quiet = _tenants.FirstQuiet();
        return plain is null ? quiet ?? _tenants.FirstNoisy()
            : quiet is null || plain.Turn < quiet.Turn ? plain
            : quiet;
    }

    public override IEnumerable<Entry> EvictionCandidates()
    {
        if (_tenants is not null)
        {
            var candidates = _plain.FromTheEnd().Concat(_tenants.Ready()).ToList();
            candidates.Sort((a, b) => IsNoisy(a) != IsNoisy(b) ? IsNoisy(b).CompareTo(IsNoisy(a)) : b.Turn.CompareTo(a.Turn));
            return candidates;
        }
        return _plain.FromTheEnd();
    }

    private static bool IsNoisy(Entry entry) => entry.Tenant is { IsNoisy: true };

    private void Enter(Entry entry)
    {
        if (entry.State == EntryState.Ready)
        {
            entry.Turn = ++_turn;
            _ready++;
            if (entry.Tenant is null)
            {
                _plain.AddLast(entry);
            }
            else
            {
                _tenants!.AddReady(entry);
            }
        }
        else if (entry.State == EntryState.InFlight)
        {
            _inFlight++;
            _tenants?.CountInFlight(entry.Tenant, 1);
        }
    }

    private void Leave(Entry entry, EntryState state)
    {
        if (state == EntryState.Ready)
        {
            _ready--;
            if (entry.Tenant is null)
            {
                _plain.Remove(entry);
            }
            else
            {
                _tenants!.RemoveReady(entry);
            }
        }
        else if (state == EntryState.InFlight)
        {
            _inFlight--;
            _tenants?.CountInFlight(entry.Tenant, -1);
        }
    }
}
