using Longspan.Store.Messages;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// The newest messages that entered a queue, for those who watch it. They are kept here because a consumer that works well deletes a
/// message before anybody could look. Nobody else pays for it: a queue that is not watched has none.
/// </summary>
internal sealed class QueueTap(long epoch)
{
    /// <summary>Queues that may be watched at the same time; with <see cref="MaximumBytes"/> the bound of what watching costs.</summary>
    public const int MaximumTaps = 8;
    private const int MaximumMessages = 4_000;
    private const int MaximumBytes = 4 * 1024 * 1024;
    private const long IdleMillis = 30_000;

    private readonly Queue<PeekedMessage> _kept = new();
    private long _bytes;
    private long _taken;
    private long _askedAt;

    public bool IsIdle(long now) => now - _askedAt > IdleMillis;

    /// <summary>Keeps a message. False when nobody has asked for so long that the tap may go.</summary>
    public bool Take(Entry entry, long now)
    {
        if (IsIdle(now))
        {
            return false;
        }
        _kept.Enqueue(PeekCommand.ToMessage(entry, entry.Payload));
        _bytes += entry.Payload.Length;
        _taken++;
        while (_kept.Count > MaximumMessages || (_bytes > MaximumBytes && _kept.Count > 1))
        {
            _bytes -= _kept.Dequeue().Payload.Length;
        }
        return true;
    }

    public WatchedMessages Read(WatchPosition? after, long now)
    {
        _askedAt = now;
        var position = new WatchPosition(epoch, _taken);
        if (after is not { } from)
        {
            return new WatchedMessages([], position, 0, false);
        }
        if (from.Epoch != epoch || from.Count > _taken)
        {
            return new WatchedMessages([.. _kept], position, 0, Interrupted: true);
        }
        var first = _taken - _kept.Count;
        var skip = Math.Max(0, from.Count - first);
        return new WatchedMessages([.. _kept.Skip((int)skip)], position, Math.Max(0, first - from.Count), false);
    }
}

/// <summary>Reads a queue's tap, and sets one up where there is none.</summary>
internal sealed class WatchCommand(long queue, WatchPosition? after) : Command<WatchedMessages?>
{
    public override bool ChangesNothing => true;

    public override bool Apply(MessageWriter writer, long now)
    {
        var state = writer.State.Require(queue);
        if (state.Tap is null)
        {
            var taps = 0;
            foreach (var other in writer.State.Queues.Values)
            {
                if (other.Tap?.IsIdle(now) == true)
                {
                    other.Tap = null;
                }
                taps += other.Tap is null ? 0 : 1;
            }
            if (taps >= QueueTap.MaximumTaps)
            {
                Result = null;
                return true;
            }
            state.Tap = new QueueTap(writer.State.NextSequence);
        }
        Result = state.Tap.Read(after, now);
        return true;
    }
}
