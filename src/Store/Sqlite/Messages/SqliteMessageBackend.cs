using Longspan.Store.Files;
using Longspan.Store.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Messages in one folder: a journal that makes calls durable, memory that is worked in, and a SQLite file for what stays. A call is applied in
/// memory by one writer, appended to the journal together with everything else that is being asked at that moment, and answered
/// after their common fsync. Every 32 MiB of journal the messages that are still alive move to SQLite and the journal starts anew, so
/// a message that is consumed within seconds costs one sequential write of its own and nothing else. See docs/adr/0005-message-store.md.
/// </summary>
public sealed class SqliteMessageBackend : MessageBackend
{
    private readonly WriterLoop _loop;

    private SqliteMessageBackend(WriterLoop loop) => _loop = loop;

    /// <summary>Opens or creates the store in its folder. The data folder's lock keeps other processes out.</summary>
    /// <param name="log">Told when the disk refuses or has lost something, and what to do.</param>
    public static SqliteMessageBackend Open(string folder, TimeProvider clock, SqliteMessageSettings? settings = null, ILogger? log = null)
    {
        Directory.CreateDirectory(folder);
        PrivateFiles.TightenFolder(folder);
        PrivateFiles.Tighten(folder, "*");
        return new SqliteMessageBackend(new WriterLoop(folder, clock, settings ?? SqliteMessageSettings.Default, log ?? NullLogger.Instance));
    }

    public override ValueTask OpenAsync(long queue, QueueSettings settings, CancellationToken stop) =>
        DoAsync(new OpenCommand(queue, settings), stop);

    public override ValueTask DropAsync(long queue, CancellationToken stop) => DoAsync(new DropCommand(queue), stop);

    public override ValueTask RetainOnlyAsync(IReadOnlySet<long> queues, CancellationToken stop) =>
        DoAsync(new RetainOnlyCommand(queues), stop);

    public override ValueTask<IReadOnlyList<SentMessage>> SendAsync(
        long queue, IReadOnlyList<NewMessage> messages, CancellationToken stop) => AskAsync(new SendCommand(queue, messages), stop);

    public override async ValueTask<Reception> ReceiveAsync(long queue, ReceiveOrder order, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var command = new ReceiveCommand(queue, order);
        _loop.Post(command);
        if (order.Wait <= TimeSpan.Zero || !stop.CanBeCanceled)
        {
            return await command.Task;
        }
        await using var registration = stop.Register(() => command.Abandon(stop));
        return await command.Task;
    }

    public override ValueTask<IReadOnlyList<ReceiptOutcome>> DeleteAsync(
        long queue, IReadOnlyList<Receipt> receipts, CancellationToken stop) => AskAsync(new DeleteCommand(queue, receipts), stop);

    public override ValueTask<IReadOnlyList<ReceiptOutcome>> ChangeVisibilityAsync(
        long queue, IReadOnlyList<VisibilityChange> changes, CancellationToken stop) =>
        AskAsync(new VisibilityCommand(queue, changes), stop);

    public override ValueTask PurgeAsync(long queue, CancellationToken stop) => DoAsync(new PurgeCommand(queue), stop);

    public override ValueTask<QueueDepth> DepthAsync(long queue, CancellationToken stop) => AskAsync(new DepthCommand(queue), stop);

    public override ValueTask<MoveOutcome> MoveAsync(long queue, MoveOrder order, CancellationToken stop) =>
        AskAsync(new MoveCommand(queue, order), stop);

    public override async ValueTask<PeekedPage> PeekAsync(long queue, long after, int maximum, CancellationToken stop)
    {
        TailPage? tail = null;
        var dead = 0;
        for (var attempt = 1; ; attempt++)
        {
            var step = await AskAsync(new PeekCommand(queue, after, maximum, tail, mayRead: attempt > PeekCommand.MaximumAttempts), stop);
            if (step.Page is { } page)
            {
                if (page.Messages.Count > 0 || page.Next is not { } next || ++dead == PeekCommand.MaximumEmptyPages)
                {
                    return page;
                }
                (after, tail, attempt) = (next, null, 0);
                continue;
            }
            tail = await _loop.ReadTailAsync(queue, step.TailAfter, step.Generation, stop);
        }
    }

    public override ValueTask<WatchedMessages?> WatchAsync(long queue, WatchPosition? after, CancellationToken stop) =>
        AskAsync(new WatchCommand(queue, after), stop);

    public override ValueTask ResetAsync(CancellationToken stop) => DoAsync(new ResetCommand(), stop);

    public override ValueTask DisposeAsync()
    {
        _loop.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>For tests: how many messages are in memory at this moment.</summary>
    internal ValueTask<int> CountInMemoryAsync() => AskAsync(new CountCommand(), CancellationToken.None);

    /// <summary>For tests and benches: bytes in memory, the payloads' and all.</summary>
    internal ValueTask<(long Payload, long All)> MeasureMemoryAsync() => AskAsync(new MeasureCommand(), CancellationToken.None);

    /// <summary>For tests: from here on no checkpoint runs until the store is closed, so that the folder may be copied.</summary>
    internal ValueTask HoldCheckpointsAsync() => DoAsync(new HoldCommand(), CancellationToken.None);

    // Once in line a change happens whether or not its caller still listens, so a token counts only before.
    private ValueTask<T> AskAsync<T>(Command<T> command, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        _loop.Post(command);
        return new ValueTask<T>(command.Task);
    }

    private ValueTask DoAsync(Command<bool> command, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        _loop.Post(command);
        return new ValueTask(command.Task);
    }
}
