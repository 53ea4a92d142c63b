using Longspan.Support.History;

namespace Longspan.Core.Tests.Sqs.History;

/// <summary>A history written by hand. Every step takes a millisecond; receives hide for a second.</summary>
internal sealed class Script
{
    private const string Group = "g";
    private readonly List<HistoryEvent> _events = [];
    private readonly Dictionary<string, HistoryEvent> _polls = [];
    private long _now = 1_000_000;
    private long _calls;

    public IReadOnlyList<HistoryEvent> Events => _events;

    public Script Then(long millis)
    {
        _now += millis * 1_000;
        return this;
    }

    public Script Sent(string queue, string key, int id, string? deduplication = null, long delay = 0, HistoryOutcome outcome = HistoryOutcome.Done)
    {
        var item = new HistoryItem(key) { Group = GroupOf(queue), Deduplication = deduplication, Millis = delay };
        return Answer(Call(HistoryEvent.Send, queue, [item]), [item with { Id = $"{id}", Outcome = outcome }]);
    }

    public Script Received(string queue, string key, int id, int count = 1, string? group = null, string? attempt = null, (string Key, int Id)? and = null)
    {
        List<HistoryItem> items = [new(key) { Group = group ?? GroupOf(queue), Id = $"{id}", Count = count }];
        if (and is { } second)
        {
            items.Add(new(second.Key) { Group = GroupOf(queue), Id = $"{second.Id}", Count = count });
        }
        return Answer(Call(HistoryEvent.Receive, queue, []) with { Attempt = attempt, Millis = 1_000 }, items);
    }

    public Script Polling(string name)
    {
        _polls[name] = Call(HistoryEvent.Receive, "plain", []) with { Millis = 1_000 };
        _events.Add(_polls[name]);
        return this;
    }

    public Script Polled(string name, string queue, string key, int id, int count) =>
        Answer(_polls[name], [new(key) { Group = GroupOf(queue), Id = $"{id}", Count = count }]);

    public Script Deleted(string queue, string key, int id, HistoryOutcome outcome = HistoryOutcome.Done, int count = 1)
    {
        var item = new HistoryItem(key) { Id = $"{id}", Count = count };
        return Answer(Call(HistoryEvent.Delete, queue, [item]), [item with { Outcome = outcome }]);
    }

    public Script Extended(string queue, string key, int id, long millis)
    {
        var item = new HistoryItem(key) { Id = $"{id}", Count = 1 };
        return Answer(Call(HistoryEvent.Visibility, queue, [item]) with { Millis = millis }, [item with { Outcome = HistoryOutcome.Done }]);
    }

    public Script Purged(string queue) => Answer(Call(HistoryEvent.Purge, queue, []), []);

    public Script Moved(string queue) => Answer(Call(HistoryEvent.Move, queue, []), []);

    public Script Unanswered(string kind, string queue, string? key = null, string? deduplication = null)
    {
        _events.Add(Call(kind, queue, key is null ? [] : [new(key) { Group = GroupOf(queue), Deduplication = deduplication, Id = kind == HistoryEvent.Send ? null : "1", Count = 1 }]));
        return this;
    }

    private static string? GroupOf(string queue) => queue == "order" ? Group : null;

    private HistoryEvent Call(string kind, string queue, IReadOnlyList<HistoryItem> items) => new(true, _now += 1_000, ++_calls, kind, queue) { Items = items };

    private Script Answer(HistoryEvent call, IReadOnlyList<HistoryItem> items)
    {
        if (!_events.Contains(call))
        {
            _events.Add(call);
        }
        _events.Add(call with { IsCall = false, At = _now += 1_000, Items = items, Outcome = HistoryOutcome.Done });
        return this;
    }
}
