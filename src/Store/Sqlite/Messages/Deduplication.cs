namespace Longspan.Store.Sqlite.Messages;

/// <summary>A send that must not happen twice before <see cref="ExpiresAt"/>.</summary>
internal readonly record struct DeduplicationEntry(long Queue, UInt128 Key, long ExpiresAt, long Sequence, Guid Id);

/// <summary>
/// What FIFO queues were sent in the last five minutes, by digest, for all queues together. A million sends a minute are nothing unusual, so memory has only
/// a fingerprint and a moment for each, in slices that go as a whole when their time is over. A fingerprint that is not there proves that a
/// send is new, which is nearly always the answer. One that is there is looked up: among what the cold store does not have yet, or by moment and key in
/// the cold store.
/// </summary>
internal sealed class Deduplication
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private const long SliceMillis = 100_000;
    private const int RecentBytes = 160;

    private readonly List<Slice> _slices = [];
    private Dictionary<(long Queue, UInt128 Key), DeduplicationEntry> _recent = [];
    private Dictionary<(long Queue, UInt128 Key), DeduplicationEntry> _saving = [];

    /// <summary>What the next checkpoint has to write.</summary>
    public int UnsavedCount => _recent.Count;
    public long Bytes { get; private set; }

    /// <summary>The send that this one repeats. May read the cold store, and throw what that throws.</summary>
    public bool TryFind(long queue, UInt128 key, long now, ColdStore cold, out DeduplicationEntry entry)
    {
        Expire(now);
        var print = Fingerprint(queue, key);
        foreach (var slice in _slices)
        {
            if (!slice.TryFind(print, out var expiresAt) || expiresAt <= now)
            {
                continue;
            }
            if (TryFindRecent(queue, key, now, out entry))
            {
                return true;
            }
            if (cold.Deduplication(queue, key, expiresAt) is { } stored)
            {
                entry = stored;
                return true;
            }
        }
        entry = default;
        return false;
    }

    /// <summary>The same among what the cold store does not have yet.</summary>
    public bool TryFindRecent(long queue, UInt128 key, long now, out DeduplicationEntry entry) =>
        (_recent.TryGetValue((queue, key), out entry) || _saving.TryGetValue((queue, key), out entry)) && entry.ExpiresAt > now;

    public void Add(in DeduplicationEntry entry, long now)
    {
        _recent[(entry.Queue, entry.Key)] = entry;
        Restore(entry, now);
    }

    /// <summary>Takes in what the cold store has.</summary>
    public void Restore(in DeduplicationEntry entry, long now)
    {
        Expire(now);
        var start = entry.ExpiresAt / SliceMillis * SliceMillis;
        var slice = _slices.Find(s => s.Start == start);
        if (slice is null)
        {
            slice = new Slice(start);
            _slices.Add(slice);
        }
        slice.Add(Fingerprint(entry.Queue, entry.Key), (uint)(entry.ExpiresAt - start));
        Measure();
    }

    /// <summary>Hands over what the cold store does not have yet. It is still found here until <see cref="Saved"/>.</summary>
    public IReadOnlyCollection<DeduplicationEntry> Capture()
    {
        (_saving, _recent) = (_recent, []);
        return _saving.Values;
    }

    public void Saved()
    {
        _saving = [];
        Measure();
    }

    public void Clear()
    {
        _slices.Clear();
        (_recent, _saving) = ([], []);
        Measure();
    }

    public void Expire(long now)
    {
        if (_slices.Count > 0 && _slices.RemoveAll(s => s.Start + SliceMillis <= now) > 0)
        {
            Measure();
        }
    }

    private void Measure()
    {
        Bytes = (long)(_recent.Count + _saving.Count) * RecentBytes;
        foreach (var slice in _slices)
        {
            Bytes += slice.Bytes;
        }
    }

    /// <summary>The key is a digest, so its bits are as good as any hash; the queue's number keeps the same key of two queues apart. Never zero.</summary>
    private static ulong Fingerprint(long queue, UInt128 key)
    {
        var print = (ulong)key ^ (ulong)(key >> 64) ^ ((ulong)queue * 0x9E3779B97F4A7C15);
        print = (print ^ (print >> 32)) * 0xD6E8FEB86659FD93;
        return print == 0 ? 1 : print;
    }

    /// <summary>An open-addressed table of the fingerprints whose time ends within one slice of time.</summary>
    private sealed class Slice(long start)
    {
        private const int SlotBytes = sizeof(ulong) + sizeof(uint);

        private ulong[] _prints = new ulong[64];
        private uint[] _offsets = new uint[64];
        private int _count;

        public long Start { get; } = start;
        public long Bytes => (long)_prints.Length * SlotBytes;

        public bool TryFind(ulong print, out long expiresAt)
        {
            var slot = Slot(print);
            expiresAt = Start + _offsets[slot];
            return _prints[slot] == print;
        }

        public void Add(ulong print, uint offset)
        {
            if (_count >= _prints.Length / 4 * 3)
            {
                Grow();
            }
            var slot = Slot(print);
            _count += _prints[slot] == 0 ? 1 : 0;
            _prints[slot] = print;
            _offsets[slot] = offset;
        }

        private int Slot(ulong print)
        {
            var mask = _prints.Length - 1;
            var slot = (int)(print >> 20) & mask;
            while (_prints[slot] != 0 && _prints[slot] != print)
            {
                slot = (slot + 1) & mask;
            }
            return slot;
        }

        private void Grow()
        {
            var (prints, offsets) = (_prints, _offsets);
            _prints = new ulong[prints.Length * 2];
            _offsets = new uint[prints.Length * 2];
            for (var i = 0; i < prints.Length; i++)
            {
                if (prints[i] != 0)
                {
                    var slot = Slot(prints[i]);
                    _prints[slot] = prints[i];
                    _offsets[slot] = offsets[i];
                }
            }
        }
    }
}
