namespace Longspan.Store.Sqlite.Messages;

/// <summary>The messages of one group on a standard queue, as far as they are in memory.</summary>
internal sealed class Tenant(string id) : IHeapItem
{
    public string Id { get; } = id;
    public EntryList Ready { get; } = new();
    /// <summary>Linked messages in whatever state: with none left the tenant is forgotten.</summary>
    public int Linked { get; set; }
    public int InFlight { get; set; }
    public ConsumerTime Time;
    public bool IsNoisy { get; set; }

    /// <summary>Whose oldest message became visible first, is first.</summary>
    public long Due => Ready.First!.Turn;
    public int HeapIndex { get; set; } = -1;
}

/// <summary>How much time of consumers went into messages lately: the integral of the number in flight, with an exponential fade.</summary>
internal struct ConsumerTime
{
    /// <summary>After so long a second of consumer time counts a third of what it did.</summary>
    private const double FadeMillis = 60_000;

    private double _millis;
    private long _at;

    public double Settle(int inFlight, long now)
    {
        if (_at != 0 && now > _at)
        {
            var kept = Math.Exp((_at - now) / FadeMillis);
            _millis = (_millis * kept) + (inFlight * FadeMillis * (1 - kept));
        }
        _at = Math.Max(_at, now);
        return _millis;
    }
}

/// <summary>
/// Fair queues: which groups of a standard queue take more than their share of the consumers, and whose turn it is. The rules are Amazon's. A group is
/// noisy with more than a tenth of what is in flight (and no fewer than 30 messages), or with more than a tenth of the consumer time of late. Quiet groups
/// are served first, in the order in which their messages became visible; then the noisy ones, the one with the fewest messages in flight first.
///
/// No more than nine groups can have more than a tenth of something, so the noisy ones are few and are simply looked through. The quiet ones are a
/// heap. A group that has become noisy is noticed when its turn comes, one that has become quiet when the next call begins.
/// </summary>
internal sealed class Tenants(int inFlight)
{
    private const int ShareDivisor = 10;
    private const int MinimumInFlight = 30;
    /// <summary>Less consumer time than this says nothing about who uses it.</summary>
    private const double MinimumMillis = 1_000;

    private readonly Dictionary<string, Tenant> _byId = new(StringComparer.Ordinal);
    private readonly IndexedHeap<Tenant> _quiet = new();
    private readonly List<Tenant> _noisy = [];
    private ConsumerTime _time;
    private int _inFlight = inFlight;

    public long Now { get; private set; }
    public bool HasNoisy => _noisy.Count > 0;
    public bool HasQuietReady => _quiet.Count > 0;
    public IEnumerable<string> NoisyIds => _noisy.Select(t => t.Id);

    public void Advance(long now) => Now = now;

    /// <summary>Any message of the queue, of a group or not, has come into flight or left it.</summary>
    public void CountInFlight(Tenant? tenant, int by)
    {
        _time.Settle(_inFlight, Now);
        _inFlight += by;
        if (tenant is not null)
        {
            tenant.Time.Settle(tenant.InFlight, Now);
            tenant.InFlight += by;
        }
    }

    public Tenant Join(Entry entry)
    {
        if (!_byId.TryGetValue(entry.GroupId!, out var tenant))
        {
            tenant = new Tenant(entry.GroupId!);
            tenant.Time.Settle(0, Now);
            _byId.Add(tenant.Id, tenant);
        }
        tenant.Linked++;
        entry.Tenant = tenant;
        return tenant;
    }

    public void Leave(Entry entry)
    {
        var tenant = entry.Tenant!;
        entry.Tenant = null;
        if (--tenant.Linked > 0)
        {
            return;
        }
        _byId.Remove(tenant.Id);
        if (tenant.IsNoisy)
        {
            _noisy.Remove(tenant);
        }
    }

    public void AddReady(Entry entry)
    {
        var tenant = entry.Tenant!;
        tenant.Ready.AddLast(entry);
        if (tenant.Ready.Count == 1 && !tenant.IsNoisy)
        {
            _quiet.Add(tenant);
        }
    }

    public void RemoveReady(Entry entry)
    {
        var tenant = entry.Tenant!;
        var wasFirst = tenant.Ready.First == entry;
        if (wasFirst && !tenant.IsNoisy)
        {
            _quiet.Remove(tenant);
        }
        tenant.Ready.Remove(entry);
        if (wasFirst && !tenant.IsNoisy && tenant.Ready.Count > 0)
        {
            _quiet.Add(tenant);
        }
    }

    /// <summary>Whether messages of this group are to be preferred now: somebody is noisy, and it is not this group.</summary>
    public bool Prefers(string? group) =>
        HasNoisy && (group is null || !_byId.TryGetValue(group, out var tenant) || !(tenant.IsNoisy || Judge(tenant)));

    /// <summary>Lets groups that are no longer noisy be quiet again.</summary>
    public void Review()
    {
        for (var i = _noisy.Count - 1; i >= 0; i--)
        {
            var tenant = _noisy[i];
            if (!Judge(tenant))
            {
                _noisy.RemoveAt(i);
                tenant.IsNoisy = false;
                if (tenant.Ready.Count > 0)
                {
                    _quiet.Add(tenant);
                }
            }
        }
    }

    /// <summary>The first message of the quiet groups.</summary>
    public Entry? FirstQuiet()
    {
        while (_quiet.First is { } tenant)
        {
            if (!Judge(tenant))
            {
                return tenant.Ready.First;
            }
            _quiet.Remove(tenant);
            tenant.IsNoisy = true;
            _noisy.Add(tenant);
        }
        return null;
    }

    /// <summary>The first message of the noisy group with the fewest messages in flight.</summary>
    public Entry? FirstNoisy()
    {
        Tenant? best = null;
        foreach (var tenant in _noisy)
        {
            if (tenant.Ready.Count > 0
                && (best is null || tenant.InFlight < best.InFlight || (tenant.InFlight == best.InFlight && tenant.Due < best.Due)))
            {
                best = tenant;
            }
        }
        return best?.Ready.First;
    }

    /// <summary>All ready messages of groups, in no order.</summary>
    public IEnumerable<Entry> Ready() => _byId.Values.SelectMany(t => t.Ready.FromTheEnd());

    private bool Judge(Tenant tenant)
    {
        if (tenant.InFlight >= MinimumInFlight && tenant.InFlight * ShareDivisor > _inFlight)
        {
            return true;
        }
        var all = _time.Settle(_inFlight, Now);
        return all >= MinimumMillis && tenant.Time.Settle(tenant.InFlight, Now) * ShareDivisor > all;
    }
}
