namespace Longspan.Support.History;

/// <summary>A call with its answer: something that happened, if it did, at one moment between the two times.</summary>
internal sealed record Span(HistoryEvent Call, HistoryEvent? Answer)
{
    public long From => Call.At;
    public long To => Answer?.At ?? long.MaxValue;
    public HistoryOutcome Outcome => Answer?.Outcome ?? HistoryOutcome.Unknown;

    public HistoryOutcome OutcomeOf(int item) =>
        Answer is null || Answer.Outcome is HistoryOutcome.Unknown ? HistoryOutcome.Unknown
        : Answer.Outcome == HistoryOutcome.Refused || item >= Answer.Items.Count ? HistoryOutcome.Refused
        : Answer.Items[item].Outcome;
}

internal sealed record Attempt(Span Span, int Place, HistoryItem Item, HistoryOutcome Outcome, string? Id);

internal sealed record Delivery(Span Span, int Place, HistoryItem Item)
{
    public string Queue => Span.Call.Queue;
    public long From => Span.From;
    public long To => Span.To;
}

/// <summary>A delete or a change of visibility, with the receipt of one delivery.</summary>
internal sealed record Use(Span Span, HistoryItem Item, HistoryOutcome Outcome);

/// <summary>
/// A message as its sender means it. Sends with the same deduplication id are one letter, however often they are repeated; what it is in a
/// queue is a <see cref="Copy"/>, and there should be one at any time.
/// </summary>
internal sealed class Letter(string name, HistoryQueue queue)
{
    public string Name { get; } = name;
    public HistoryQueue Queue { get; } = queue;
    public List<Attempt> Attempts { get; } = [];
    public Dictionary<(string Queue, string Id), Copy> Copies { get; } = [];

    public IEnumerable<Delivery> Deliveries => Copies.Values.SelectMany(c => c.Deliveries);
    public long FirstSent => Attempts.Min(a => a.Span.From);
    public bool Acknowledged => Attempts.Exists(a => a.Outcome == HistoryOutcome.Done);
    public string? Group => Attempts[0].Item.Group;

    public Copy CopyIn(string queue, string id)
    {
        if (!Copies.TryGetValue((queue, id), out var copy))
        {
            Copies.Add((queue, id), copy = new Copy(this, queue, id));
        }
        return copy;
    }
}

internal sealed class Copy(Letter letter, string queue, string id)
{
    public Letter Letter { get; } = letter;
    public string Queue { get; } = queue;
    public string Id { get; } = id;
    /// <summary>In the order of the answers.</summary>
    public List<Delivery> Deliveries { get; } = [];
    public List<Use> Deletes { get; } = [];
    public List<Use> Changes { get; } = [];
}

/// <summary>The history, sorted into letters.</summary>
internal sealed class HistoryBook
{
    private readonly Dictionary<string, Letter> _byKey = [];

    public HistoryBook(IReadOnlyList<HistoryEvent> events, IEnumerable<HistoryQueue> queues)
    {
        Queues = queues.ToDictionary(q => q.Name);
        End = events.Count == 0 ? 0 : events.Max(e => e.At);
        var answers = events.Where(e => !e.IsCall).ToDictionary(e => e.Call);
        var spans = events.Where(e => e.IsCall).Select(e => new Span(e, answers.GetValueOrDefault(e.Call))).OrderBy(s => s.From).ToList();
        spans.Where(s => s.Call.Kind == HistoryEvent.Send).ToList().ForEach(TakeSend);
        foreach (var span in spans.Where(s => s.Call.Kind == HistoryEvent.Receive && s.Answer is not null).OrderBy(s => s.To))
        {
            TakeReceive(span);
        }
        spans.Where(s => s.Call.Kind is HistoryEvent.Delete or HistoryEvent.Visibility).ToList().ForEach(TakeUse);
        Unanswered = spans.Where(s => s.Call.Kind == HistoryEvent.Receive && s.Outcome == HistoryOutcome.Unknown)
            .GroupBy(s => s.Call.Queue).ToDictionary(g => g.Key, g => g.Select(s => s.From).Order().ToArray());
        Purges = spans.Where(s => s.Call.Kind == HistoryEvent.Purge && s.Outcome != HistoryOutcome.Refused).ToLookup(s => s.Call.Queue);
        Moves = spans.Where(s => s.Call.Kind == HistoryEvent.Move && s.Outcome != HistoryOutcome.Refused).ToLookup(s => s.Call.Queue);
    }

    public IReadOnlyDictionary<string, HistoryQueue> Queues { get; }
    public long End { get; }
    public List<Letter> Letters { get; } = [];
    /// <summary>Deliveries of what nobody sent.</summary>
    public List<Delivery> Phantoms { get; } = [];
    /// <summary>By queue, when receive calls began that were never answered.</summary>
    public IReadOnlyDictionary<string, long[]> Unanswered { get; }
    public ILookup<string, Span> Purges { get; }
    /// <summary>By the queue that messages were moved out of.</summary>
    public ILookup<string, Span> Moves { get; }

    /// <summary>The most deliveries of the copy that can have begun before a time: those known, and those that nobody heard of.</summary>
    public int MostDeliveries(Copy copy, long before)
    {
        var known = copy.Deliveries.Where(d => d.From < before).Select(d => d.Item.Count).DefaultIfEmpty(0).Max();
        var silent = Unanswered.GetValueOrDefault(copy.Queue) ?? [];
        var index = Array.BinarySearch(silent, before);
        return known + (index >= 0 ? index : ~index);
    }

    /// <summary>Queues in which a letter may properly be: where it was sent, and that queue's dead letters.</summary>
    public static bool MayBeIn(Letter letter, string queue) => queue == letter.Queue.Name || queue == letter.Queue.DeadLetters;

    private void TakeSend(Span span)
    {
        for (var i = 0; i < span.Call.Items.Count; i++)
        {
            var item = span.Call.Items[i];
            var name = item.Deduplication is null ? item.Key : $"{span.Call.Queue}:{item.Deduplication}";
            if (!_byKey.TryGetValue(name, out var letter))
            {
                letter = new Letter(name, Queues[span.Call.Queue]);
                Letters.Add(letter);
                _byKey[name] = letter;
            }
            _byKey[item.Key] = letter;
            var outcome = span.OutcomeOf(i);
            letter.Attempts.Add(new Attempt(span, i, item, outcome, outcome == HistoryOutcome.Done ? span.Answer!.Items[i].Id : null));
        }
    }

    private void TakeReceive(Span span)
    {
        for (var i = 0; i < span.Answer!.Items.Count; i++)
        {
            var item = span.Answer.Items[i];
            var delivery = new Delivery(span, i, item);
            if (_byKey.TryGetValue(item.Key, out var letter))
            {
                letter.CopyIn(span.Call.Queue, item.Id!).Deliveries.Add(delivery);
            }
            else
            {
                Phantoms.Add(delivery);
            }
        }
    }

    private void TakeUse(Span span)
    {
        for (var i = 0; i < span.Call.Items.Count; i++)
        {
            var item = span.Call.Items[i];
            if (_byKey.TryGetValue(item.Key, out var letter))
            {
                var copy = letter.CopyIn(span.Call.Queue, item.Id!);
                (span.Call.Kind == HistoryEvent.Delete ? copy.Deletes : copy.Changes).Add(new Use(span, item, span.OutcomeOf(i)));
            }
        }
    }
}
