using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Longspan.Node.State;

namespace Longspan.Node.Logs;

/// <summary>The bound that all spools of a node share.</summary>
internal sealed class SpoolBudget(long bytes)
{
    private long _used;

    public long Used => Interlocked.Read(ref _used);

    public bool TryTake(long count)
    {
        if (Interlocked.Add(ref _used, count) <= bytes)
        {
            return true;
        }
        Interlocked.Add(ref _used, -count);
        return false;
    }

    /// <summary>For what is on disk already.</summary>
    public void Take(long count) => Interlocked.Add(ref _used, count);

    public void Return(long count) => Interlocked.Add(ref _used, -count);
}

/// <summary>A moment in a container's output: the time of its last line, and how many lines carried that same time.</summary>
internal readonly record struct ReadMark(DateTimeOffset At, int Count)
{
    public ReadMark Next(DateTimeOffset at) => at == At ? this with { Count = Count + 1 } : new ReadMark(at, 1);

    public bool IsAfter(ReadMark other) => At > other.At || (At == other.At && Count > other.Count);
}

internal readonly record struct SpoolRange(int Segment, long From, long To);

/// <summary>
/// One container's undelivered output on disk, in segment files of framed records: length, time in ticks, UTF-8 text. Appending needs no
/// flush: what a crash takes from the end is read again from the engine, because reading continues after the last whole record.
/// One appender and one consumer.
/// </summary>
internal sealed class LogSpool : IDisposable
{
    private const int HeaderBytes = 12;
    private const int MaxRecordBytes = 1024 * 1024;
    /// <summary>The log service takes batches of less than a day.</summary>
    private static readonly TimeSpan MaxSpan = TimeSpan.FromHours(11);
    private const long WorthReturning = 64 * 1024;
    public const long SegmentBytes = 1024 * 1024;

    private readonly string _folder;
    private readonly SpoolBudget _budget;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, long> _lengths = [];
    private FileStream _active;
    private long _lost;

    public LogSpool(string folder, SpoolBudget budget)
    {
        _folder = folder;
        _budget = budget;
        foreach (var path in Directory.EnumerateFiles(folder, "*.log").Order(StringComparer.Ordinal))
        {
            var segment = int.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
            var length = Recover(path);
            _lengths[segment] = length;
            budget.Take(length);
        }
        // Always a new segment: positions saved before a crash stay true even if the last one lost its end.
        _active = Begin(_lengths.Count == 0 ? 1 : _lengths.Keys.Last() + 1);
    }

    /// <summary>The last record found at opening, for continuing to read.</summary>
    public ReadMark Recovered { get; private set; }

    public bool TryAppend(DateTimeOffset at, string text)
    {
        lock (_lock)
        {
            if (_lost > 0)
            {
                var told = $"[longspan] {_lost} log events were lost here: the node's log spool was full";
                if (!TryWrite(at, told, reserve: told.Length * 4))
                {
                    _lost++;
                    return false;
                }
                _lost = 0;
            }
            if (TryWrite(at, text, 0))
            {
                return true;
            }
            _lost++;
            return false;
        }
    }

    /// <param name="reserve">Room that must be left besides: after a loss, appending begins again only when it can go on for a while.</param>
    private bool TryWrite(DateTimeOffset at, string text, long reserve)
    {
        var body = Encoding.UTF8.GetBytes(text);
        var size = HeaderBytes + Math.Min(body.Length, MaxRecordBytes);
        if (!_budget.TryTake(size + reserve))
        {
            return false;
        }
        _budget.Return(reserve);
        var record = new byte[size];
        BinaryPrimitives.WriteInt32LittleEndian(record, size - HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(4), at.UtcTicks);
        body.AsSpan(0, size - HeaderBytes).CopyTo(record.AsSpan(HeaderBytes));
        var segment = _lengths.Keys.Last();
        if (!TryWrite(record, _lengths[segment]))
        {
            _budget.Return(size);
            return false;
        }
        _lengths[segment] += size;
        if (_lengths[segment] >= SegmentBytes)
        {
            _active.Dispose();
            _active = Begin(segment + 1);
        }
        return true;
    }

    /// <summary>A full disk is a full spool: the event is lost and counted, and nothing half-written stays behind.</summary>
    private bool TryWrite(byte[] record, long end)
    {
        try
        {
            _active.Write(record);
            return true;
        }
        catch (IOException)
        {
            _active.SetLength(end);
            _active.Position = end;
            return false;
        }
    }

    /// <summary>The next records after a position, up to the limits; null when there are none. Deletes segments that are done with.</summary>
    public SpoolRange? Next(int segment, long offset, int maxEvents, long maxBytes)
    {
        lock (_lock)
        {
            var last = _lengths.Keys.Last();
            if (segment == last && offset >= _lengths[last] && (_lengths[last] >= WorthReturning || (_lost > 0 && _lengths[last] > 0)))
            {
                // Everything is delivered: its room is given back although the segment is not full.
                _active.Dispose();
                _active = Begin(last + 1);
            }
            foreach (var done in _lengths.Keys.Where(s => s < segment || (s == segment && offset >= _lengths[s] && s != _lengths.Keys.Last())).ToList())
            {
                Delete(done);
            }
            foreach (var (number, length) in _lengths)
            {
                var from = number == segment ? offset : 0;
                if (length > from)
                {
                    var to = from;
                    var count = 0;
                    long first = 0;
                    foreach (var record in Read(new SpoolRange(number, from, length)))
                    {
                        var size = HeaderBytes + record.Bytes;
                        if (count == maxEvents || (count > 0 && (to - from + size > maxBytes || Math.Abs(record.Ticks - first) > MaxSpan.Ticks)))
                        {
                            break;
                        }
                        first = count == 0 ? record.Ticks : first;
                        to += size;
                        count++;
                    }
                    return count == 0 ? null : new SpoolRange(number, from, to);
                }
            }
            return null;
        }
    }

    public IReadOnlyList<(DateTimeOffset At, string Text)> Take(SpoolRange range) =>
        [.. Read(range).Select(r => (new DateTimeOffset(r.Ticks, TimeSpan.Zero), r.Text))];

    private IEnumerable<(long Ticks, string Text, int Bytes)> Read(SpoolRange range)
    {
        var path = PathOf(range.Segment);
        if (!File.Exists(path))
        {
            yield break;
        }
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = range.From;
        var header = new byte[HeaderBytes];
        for (var at = range.From; at < range.To;)
        {
            if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
            {
                yield break;
            }
            var length = BinaryPrimitives.ReadInt32LittleEndian(header);
            var ticks = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(4));
            if (length is < 0 or > MaxRecordBytes || ticks is <= 0 || ticks > DateTimeOffset.MaxValue.UtcTicks)
            {
                yield break;
            }
            var body = new byte[length];
            if (file.ReadAtLeast(body, length, throwOnEndOfStream: false) < length)
            {
                yield break;
            }
            at += HeaderBytes + length;
            yield return (ticks, Encoding.UTF8.GetString(body), length);
        }
    }

    /// <summary>Cuts off what a crash left half-written.</summary>
    private long Recover(string path)
    {
        var segment = int.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
        var size = new FileInfo(path).Length;
        long whole = 0;
        foreach (var (ticks, _, bytes) in Read(new SpoolRange(segment, 0, size)))
        {
            whole += HeaderBytes + bytes;
            var at = new DateTimeOffset(ticks, TimeSpan.Zero);
            var next = Recovered.Next(at);
            if (next.IsAfter(Recovered))
            {
                Recovered = next;
            }
        }
        if (whole < size)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
            file.SetLength(whole);
        }
        return whole;
    }

    private FileStream Begin(int segment)
    {
        _lengths[segment] = 0;
        var options = StateFolder.Options(FileMode.Create);
        options.Share = FileShare.ReadWrite | FileShare.Delete;
        return new FileStream(PathOf(segment), options);
    }

    private void Delete(int segment)
    {
        _budget.Return(_lengths[segment]);
        _lengths.Remove(segment);
        File.Delete(PathOf(segment));
    }

    private string PathOf(int segment) => Path.Combine(_folder, segment.ToString("D8", CultureInfo.InvariantCulture) + ".log");

    public void Dispose()
    {
        lock (_lock)
        {
            _active.Dispose();
        }
    }

    /// <summary>Everything is delivered: nothing of the spool is left.</summary>
    public void Remove()
    {
        Dispose();
        lock (_lock)
        {
            foreach (var segment in _lengths.Keys.ToList())
            {
                Delete(segment);
            }
        }
    }
}
