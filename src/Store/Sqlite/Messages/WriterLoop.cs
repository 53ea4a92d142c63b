using Longspan.Store.Messages;
using Microsoft.Extensions.Logging;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// The writer's thread: take everything that has been asked, apply it, one fsync, answer. While the disk works the next group gathers, so
/// the group grows with the load and nobody waits for a timer. Checkpoints run beside it.
/// </summary>
internal sealed partial class WriterLoop : IDisposable
{
    /// <summary>More commands than this in line are refused: the disk has stopped keeping up.</summary>
    public const int MaximumQueued = 100_000;
    /// <summary>Receive calls that may wait at the same time.</summary>
    public const int MaximumWaiters = 50_000;
    /// <summary>A group is written when it has grown to this, whatever is still in line.</summary>
    private const int GroupBytes = 8 * 1024 * 1024;
    private static readonly long CheckpointPauseMillis = (long)TimeSpan.FromSeconds(10).TotalMilliseconds;

    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _signal = new(false, 0);
    private readonly Journal _journal;
    private readonly ColdStore _cold;
    private readonly TimeProvider _clock;
    private readonly SqliteMessageSettings _settings;
    private readonly long _sweepMillis;
    private readonly MessageWriter _writer;
    private readonly Thread _thread;
    private readonly ITimer _timer;
    private readonly List<Command> _done = [];
    private List<Command> _inbox = [];
    private List<Command> _group = [];
    private Task<Exception?>? _checkpoint;
    private Checkpoint? _image;
    private long _checkpointAt;
    private long _sweepAt;
    private long _evictAbove;
    private long _armedFor = long.MaxValue;
    private bool _stopping;
    private bool _held;
    private volatile bool _fired;

    public WriterLoop(string folder, TimeProvider clock, SqliteMessageSettings settings, ILogger log)
    {
        _folder = folder;
        _log = log;
        _settings = settings;
        _sweepMillis = (long)settings.SweepPeriod.TotalMilliseconds;
        _clock = clock;
        var path = Path.Combine(folder, "messages.db");
        var damage = new Damage(folder, clock);
        _journal = new Journal(folder, settings.BeforeJournalWrite);
        _cold = OpenCold(path, damage);
        try
        {
            _writer = new MessageWriter(_cold, Post, settings, Start(damage));
            _journal.Rotate();
        }
        catch
        {
            _journal.Dispose();
            _cold.Dispose();
            throw;
        }
        _sweepAt = Now + _sweepMillis;
        _evictAbove = settings.EvictionLimit;
        _timer = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { IsBackground = true, Name = "messages" };
        _thread.Start();
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    public void Post(Command command)
    {
        lock (_gate)
        {
            if (_stopping)
            {
                command.Fail(new MessageStoreUnavailableException("The message store is closed."));
                return;
            }
            if (_inbox.Count >= MaximumQueued || (command is ReceiveCommand && _writer.WaiterCount >= MaximumWaiters))
            {
                command.Fail(new MessageStoreUnavailableException("Too many calls are waiting for the message store."));
                return;
            }
            _inbox.Add(command);
        }
        _signal.Set();
    }

    /// <summary>A page of a queue's tail, read on the caller's thread.</summary>
    public async ValueTask<TailPage> ReadTailAsync(long queue, long after, int generation, CancellationToken stop)
    {
        try
        {
            var (entries, atEnd) = await _cold.NextAsync(queue, after, PeekCommand.TailRows(_settings), ColdStore.MaximumReadBytes, stop);
            if (_settings.AfterTailRead is { } pause)
            {
                await pause();
            }
            return new TailPage(after, entries, atEnd, generation);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            LogUnreadable(_log, _folder, e.Message);
            throw new MessageStoreUnavailableException("The message store cannot be read.", e);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
        }
        _signal.Set();
        _thread.Join();
        _timer.Dispose();
        _journal.Dispose();
        _cold.Dispose();
        _signal.Dispose();
    }

    private void Wake()
    {
        _fired = true;
        _signal.Set();
    }

    private void Run()
    {
        while (true)
        {
            _signal.Wait();
            _signal.Reset();
            bool last;
            lock (_gate)
            {
                (_inbox, _group) = (_group, _inbox);
                last = _stopping;
            }
            try
            {
                Pass();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A bug, or a disk that cannot be read. What memory holds is in doubt, so nobody is answered from it.
                Distrust(e);
            }
            _group.Clear();
            if (last)
            {
                Close();
                return;
            }
        }
    }

    private void Pass()
    {
        var now = Now;
        FinishCheckpoint(wait: false);
        if (_broken is not null && !TryRecover(now))
        {
            Refuse(now);
            return;
        }
        var next = 0;
        // Becomes false when a sweep has to go on in the next pass.
        var sweep = now >= _sweepAt;
        do
        {
            while (next < _group.Count && _writer.State.Redo.Length < GroupBytes)
            {
                Apply(_group[next++], now);
            }
            if (next == _group.Count && sweep)
            {
                sweep = Sweep(now);
            }
            _writer.ServeWaiters(now);
            if (!Commit())
            {
                _group[next..].ForEach(c => c.Fail(_broken!));
                return;
            }
        }
        while (next < _group.Count);
        if (_checkpoint is null && _writer.State.Meter.PayloadBytes > _evictAbove)
        {
            // Pages that are being read were asked for before: they may begin after what is let go of now.
            _writer.Generation++;
            Evict();
        }
        // Only here, where the journal has everything that memory has: a checkpoint names the frame that it stands for.
        StartCheckpoint(now, force: sweep);
        SuspectPages();
        if (_sweepAt <= now)
        {
            _signal.Set();
        }
        Arm();
    }

    private void Apply(Command command, long now)
    {
        try
        {
            if (command is HoldCommand)
            {
                FinishCheckpoint(wait: true);
                _held = true;
            }
            if (command.Apply(_writer, now))
            {
                _done.Add(command);
            }
        }
        catch (Exception e) when (e is QueueGoneException or MessageStoreUnavailableException or MessageStoreFullException)
        {
            command.Fail(e);
        }
        catch (IOException e)
        {
            command.Fail(Unreadable(e));
        }
    }

    /// <summary>One fsync for everything since the last one; then the answers.</summary>
    private bool Commit()
    {
        _done.AddRange(_writer.Served);
        _writer.Served.Clear();
        var redo = _writer.State.Redo;
        try
        {
            if (redo.Length > Journal.HeaderLength)
            {
                _journal.Append(redo);
            }
        }
        catch (MessageStoreUnavailableException e)
        {
            // Memory is ahead of the disk now, so nothing in it counts until it has been read back.
            Break(e);
            _done.ForEach(c => c.Fail(e));
            _done.Clear();
            return false;
        }
        redo.Clear();
        redo.Skip(Journal.HeaderLength);
        _done.ForEach(c => c.Complete());
        _done.Clear();
        return true;
    }

    private void StartCheckpoint(long now, bool force)
    {
        if (_checkpoint is not null && _journal.SegmentBytes > _settings.MaximumJournalBytes)
        {
            FinishCheckpoint(wait: true);
        }
        var due = force || _journal.SegmentBytes >= _settings.CheckpointBytes || _writer.State.DirtyCount >= _settings.CheckpointEntries;
        if (!due || now < _checkpointAt || _held || _checkpoint is not null || _broken is not null
            || !(_writer.State.HasChanges || (force && _cold.HasSpaceToFree)))
        {
            return;
        }
        try
        {
            _journal.Rotate();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The old segment goes on; the next pass tries again.
            return;
        }
        var image = _image = _writer.State.Capture(_journal.LastFrame, now);
        _checkpoint = Task.Run(() =>
        {
            try
            {
                _cold.Write(image);
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return (Exception?)e;
            }
            finally
            {
                _signal.Set();
            }
        });
    }

    private void FinishCheckpoint(bool wait)
    {
        if (_checkpoint is null || (!wait && !_checkpoint.IsCompleted))
        {
            return;
        }
        var failure = _checkpoint.GetAwaiter().GetResult();
        var image = _image!;
        _checkpoint = null;
        _image = null;
        if (failure is not null)
        {
            // What the image held is no longer marked as changed; only the disk knows it, so it is read back. The journal goes on alone
            // for a while, or a full disk would have everything read back in a circle.
            _checkpointAt = Now + CheckpointPauseMillis;
            Break(new MessageStoreUnavailableException("The message store cannot be written.", failure));
            return;
        }
        _writer.Generation++;
        _writer.State.Deduplication.Saved();
        foreach (var (queue, sequence) in image.Deleted)
        {
            _writer.State.Find(queue)?.Buried.Remove(sequence);
        }
        _journal.Forget(image.Frame);
        Evict();
    }

    private void Evict()
    {
        Eviction.Run(_writer.State, _settings, Now);
        // Not again before enough has come that this one could not let go of.
        _evictAbove = Math.Max(_settings.EvictionLimit, _writer.State.Meter.PayloadBytes + (_settings.WindowBytes / 2));
    }

    private void Arm()
    {
        var due = _broken is null ? Math.Min(_writer.NextDue, _sweepAt) : _recoverAt;
        if (due == _armedFor && !_fired)
        {
            return;
        }
        // A timer may fire a moment before its time by the clock; then it has to be set again for the rest.
        _fired = false;
        _armedFor = due;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, due - Now)), Timeout.InfiniteTimeSpan);
    }

    private void Close()
    {
        FinishCheckpoint(wait: true);
        _held = false;
        if (_broken is null)
        {
            StartCheckpoint(Now, force: true);
            FinishCheckpoint(wait: true);
        }
        _writer.FailAllWaiters(new MessageStoreUnavailableException("The message store is closed."));
    }
}
