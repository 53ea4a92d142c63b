using System.Text;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>One seeded run: the same operations on a store and on its model, with restarts and cut-off copies in between.</summary>
internal sealed class ModelRun(bool fifo, int seed, SqliteMessageSettings settings, bool tenants = false) : IAsyncDisposable
{
    private const long Queue = 7;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-model-");
    private readonly ManualClock _clock = new();
    private readonly Random _random = new(seed);
    private readonly MessageModel _model = new(fifo);
    private readonly List<Receipt> _receipts = [];
    private readonly StringBuilder _history = new();
    private SqliteMessageBackend _store = null!;
    private string _current = "";
    private int _generation;
    private int _number;

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task RunAsync(int steps)
    {
        _current = Directory.CreateDirectory(Path.Combine(_folder.FullName, "0")).FullName;
        await OpenAsync();
        for (var step = 0; step < steps; step++)
        {
            try
            {
                await StepAsync();
                Assert.Equal(_model.Depth(Now), await _store.DepthAsync(Queue, default));
                if (step % 4 == 0)
                {
                    await PeekAsync(pageSize: 1 + step % 23);
                }
            }
            catch (Exception e) when (e is ModelViolation or Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, step {step}: {e.Message}\n{_history}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StepAsync()
    {
        // Long stretches that only send build a backlog; long stretches that only drain empty it.
        var sending = (_number / 80) % 2 == 0 ? 60 : 25;
        var dice = _random.Next(100);
        if (dice < sending)
        {
            await SendAsync();
        }
        else if (dice < 75)
        {
            await ReceiveAsync();
        }
        else if (dice < 88)
        {
            await DeleteAsync();
        }
        else if (dice < 92)
        {
            await ChangeVisibilityAsync();
        }
        else if (dice < 97)
        {
            var seconds = _random.Next(1, 40);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
            Note($"advance {seconds}");
        }
        else if (dice == 97 && _random.Next(10) == 0)
        {
            await _store.PurgeAsync(Queue, default);
            _model.Purge();
            Note("purge");
        }
        else
        {
            await RestartAsync(crash: _random.Next(2) == 0);
        }
    }

    /// <summary>All pages together are what the model holds, in the order of sending; the next steps show that nothing has changed by it.</summary>
    private async Task PeekAsync(int pageSize)
    {
        var seen = new List<PeekedMessage>();
        for (long? after = 0; after is { } position;)
        {
            var page = await _store.PeekAsync(Queue, position, pageSize, default);
            Assert.True(page.Messages.Count <= pageSize, "no more than asked for");
            Assert.True(page.Next is null || page.Next > position, "a page goes on after the one before it");
            seen.AddRange(page.Messages);
            after = page.Next;
        }
        Assert.Equal(
            _model.Entries.Select(e => (e.Sequence, e.Message.Id, e.Deliveries, e.Message.GroupId, StandingOf(e), e.VisibleAt > Now ? e.VisibleAt : 0)),
            seen.Select(m => (m.Sequence, m.Id, m.ReceiveCount, m.GroupId, m.Standing, m.VisibleAt)));
        Assert.All(_model.Entries.Zip(seen), pair => Assert.Equal(pair.First.Message.Payload, pair.Second.Payload));
    }

    private MessageStanding StandingOf(MessageModel.Entry entry) =>
        entry.VisibleAt <= Now ? MessageStanding.Visible : entry.Deliveries > 0 ? MessageStanding.InFlight : MessageStanding.Delayed;

    private async Task SendAsync()
    {
        var messages = new List<NewMessage>();
        for (var i = _random.Next(1, 11); i > 0; i--)
        {
            _number++;
            messages.Add(MessageBackendTests.Numbered(_number, Group()) with
            {
                Delay = !fifo && _random.Next(6) == 0 ? TimeSpan.FromSeconds(_random.Next(1, 30)) : TimeSpan.Zero,
                Deduplication = fifo ? (UInt128)(_random.Next(8) == 0 ? Math.Max(1, _number - _random.Next(20)) : _number) : 0,
            });
        }
        var sent = await _store.SendAsync(Queue, messages, default);
        for (var i = 0; i < sent.Count; i++)
        {
            _model.Send(messages[i], sent[i], Now);
        }
        Note($"send {string.Join(' ', sent.Select((s, i) => $"{s.Sequence}{messages[i].GroupId}"))}");
    }

    private async Task ReceiveAsync()
    {
        var order = new ReceiveOrder(_random.Next(1, 11), TimeSpan.FromSeconds(_random.Next(0, 60)), TimeSpan.Zero);
        var reception = await _store.ReceiveAsync(Queue, order, default);
        Note($"receive {string.Join(' ', reception.Messages.Select(m => m.Receipt.Sequence))}");
        _model.Receive(order, reception.Messages, Now);
        _receipts.AddRange(reception.Messages.Select(m => m.Receipt));
    }

    private async Task DeleteAsync()
    {
        var receipts = Pick(_random.Next(1, 8));
        if (receipts.Count == 0)
        {
            return;
        }
        var outcomes = await _store.DeleteAsync(Queue, receipts, default);
        Note($"delete {string.Join(' ', receipts.Select((r, i) => $"{r.Sequence}:{outcomes[i]}"))}");
        for (var i = 0; i < receipts.Count; i++)
        {
            _model.Delete(receipts[i], outcomes[i], Now);
        }
    }

    private async Task ChangeVisibilityAsync()
    {
        var changes = Pick(2).Select(r => new VisibilityChange(r, TimeSpan.FromSeconds(_random.Next(3) == 0 ? 0 : _random.Next(1, 100)))).ToList();
        if (changes.Count == 0)
        {
            return;
        }
        var outcomes = await _store.ChangeVisibilityAsync(Queue, changes, default);
        Note($"visibility {string.Join(' ', changes.Select((c, i) => $"{c.Receipt.Sequence}={c.Visibility.TotalSeconds}:{outcomes[i]}"))}");
        for (var i = 0; i < changes.Count; i++)
        {
            _model.ChangeVisibility(changes[i], outcomes[i], Now);
        }
    }

    /// <summary>A crash is a copy of the folder, taken while the store is open and everything is acknowledged.</summary>
    private async Task RestartAsync(bool crash)
    {
        if (!crash)
        {
            await _store.DisposeAsync();
            await OpenAsync();
            Note("restart");
            return;
        }
        var next = Directory.CreateDirectory(Path.Combine(_folder.FullName, $"{++_generation}")).FullName;
        await _store.HoldCheckpointsAsync();
        MessageBackendTests.CopyFolder(_current, next);
        await _store.DisposeAsync();
        _current = next;
        await OpenAsync();
        Note("crash");
    }

    private async Task OpenAsync()
    {
        _store = SqliteMessageBackend.Open(_current, _clock, settings);
        await _store.OpenAsync(Queue, new QueueSettings { Fifo = fifo }, default);
    }

    private string? Group() => fifo ? $"g{_random.Next(5)}"
        : !tenants || _random.Next(8) == 0 ? null
        : _random.Next(4) > 0 ? "noisy" : $"quiet{_random.Next(300)}";

    private List<Receipt> Pick(int count)
    {
        var picked = new List<Receipt>();
        for (; count > 0 && _receipts.Count > 0; count--)
        {
            var index = _random.Next(_receipts.Count);
            if (!picked.Contains(_receipts[index]))
            {
                picked.Add(_receipts[index]);
            }
            if (_random.Next(3) > 0)
            {
                _receipts.RemoveAt(index);
            }
        }
        return picked;
    }

    private void Note(string what) => _history.Append(Now % 10_000_000).Append(' ').AppendLine(what);
}
