namespace Longspan.Support.History;

/// <summary>
/// Holds a history against what a queue promises. It sees only what clients saw: calls, answers and their times. Everything that a lost answer
/// may hide is granted, so a finding is a broken promise and never bad luck; in return the history must end with all queues emptied by
/// receives and deletes that were answered.
/// </summary>
public static class HistoryChecker
{
    /// <summary>How far the wall clock, which visibility goes by, may run away from the monotonic one within a visibility period.</summary>
    internal const long ToleranceMicros = 50_000;
    private const long WindowMicros = 300_000_000;

    public static IReadOnlyList<HistoryViolation> Check(IReadOnlyList<HistoryEvent> events, IReadOnlyCollection<HistoryQueue> queues)
    {
        var book = new HistoryBook(events, queues);
        var found = new List<HistoryViolation>();
        found.AddRange(book.Phantoms.Select(p => new HistoryViolation("phantom", p.Item.Key, $"was delivered from {p.Queue}, but nobody sent it")));
        foreach (var letter in book.Letters)
        {
            found.AddRange(Lost(book, letter));
            found.AddRange(Place(letter));
            found.AddRange(Duplicates(book, letter));
            found.AddRange(Deleted(letter));
            found.AddRange(Purged(book, letter));
            found.AddRange(Ages(letter));
            found.AddRange(DeadLetters(book, letter));
            found.AddRange(letter.Copies.Values.SelectMany(Deliveries));
        }
        found.AddRange(HistoryOrder.Check(book));
        return found;
    }

    private static IEnumerable<HistoryViolation> Lost(HistoryBook book, Letter letter)
    {
        if (!letter.Acknowledged || letter.Copies.Values.Any(c => c.Deletes.Exists(d => d.Outcome != HistoryOutcome.Refused)))
        {
            yield break;
        }
        var purged = book.Purges[letter.Queue.Name].Concat(book.Purges[letter.Queue.DeadLetters ?? ""]).Any(p => p.To > letter.FirstSent);
        var expired = book.End - letter.FirstSent > letter.Queue.RetentionMillis * 1_000;
        if (!purged && !expired)
        {
            yield return new("lost", letter.Name, "was acknowledged, nobody deleted it, and it is not there");
        }
    }

    private static IEnumerable<HistoryViolation> Place(Letter letter)
    {
        if (letter.Attempts.TrueForAll(a => a.Outcome == HistoryOutcome.Refused) && letter.Deliveries.Any())
        {
            yield return new("refused", letter.Name, "was delivered although every send of it was refused");
        }
        foreach (var delivery in letter.Deliveries)
        {
            if (!HistoryBook.MayBeIn(letter, delivery.Queue))
            {
                yield return new("place", letter.Name, $"was sent to {letter.Queue.Name} and delivered from {delivery.Queue}");
            }
            if (delivery.Item.Group != letter.Group)
            {
                yield return new("content", letter.Name, $"was sent with group {letter.Group} and delivered with {delivery.Item.Group}");
            }
        }
    }

    private static IEnumerable<HistoryViolation> Duplicates(HistoryBook book, Letter letter)
    {
        var answered = letter.Attempts.Where(a => a.Outcome == HistoryOutcome.Done).ToList();
        for (var i = 1; i < answered.Count; i++)
        {
            if (answered[i].Id != answered[0].Id && answered[i].Span.To - letter.FirstSent < WindowMicros - ToleranceMicros)
            {
                yield return new("duplicate", letter.Name, $"was taken as {answered[0].Id} and again as {answered[i].Id} inside the deduplication window");
            }
        }
        foreach (var here in letter.Copies.Values.Where(c => c.Deliveries.Count > 0).GroupBy(c => c.Queue))
        {
            var copies = here.OrderBy(c => c.Deliveries[0].To).ToList();
            var moves = book.Moves[letter.Queue.DeadLetters ?? ""].Count(m => m.From < copies[^1].Deliveries[0].To);
            if (copies.Count > 1 + moves)
            {
                yield return new("duplicate", letter.Name, $"is in {here.Key} as {string.Join(" and as ", copies.Select(c => c.Id))}, moved {moves} times");
            }
        }
    }

    private static IEnumerable<HistoryViolation> Deleted(Letter letter)
    {
        foreach (var copy in letter.Copies.Values)
        {
            foreach (var delete in copy.Deletes.Where(d => d.Outcome == HistoryOutcome.Done))
            {
                if (letter.Deliveries.FirstOrDefault(d => d.From > delete.Span.To) is { } later)
                {
                    yield return new("back after delete", letter.Name, $"was deleted from {copy.Queue} by call {delete.Span.Call.Call} and delivered from {later.Queue} by call {later.Span.Call.Call}");
                }
                else if (copy.Deliveries.Find(d => d.Item.Count > delete.Item.Count) is { } next)
                {
                    yield return new("back after delete", letter.Name, $"was deleted in delivery {delete.Item.Count} and has a delivery {next.Item.Count}");
                }
            }
        }
    }

    private static IEnumerable<HistoryViolation> Purged(HistoryBook book, Letter letter)
    {
        foreach (var copy in letter.Copies.Values)
        {
            foreach (var purge in book.Purges[copy.Queue].Where(p => p.Outcome == HistoryOutcome.Done))
            {
                var wasThere = copy.Deliveries.Exists(d => d.To < purge.From)
                    || (copy.Queue == letter.Queue.Name && letter.Attempts.Exists(a => a.Id == copy.Id && a.Span.To < purge.From));
                if (wasThere && copy.Deliveries.Exists(d => d.From > purge.To))
                {
                    yield return new("back after purge", letter.Name, $"was in {copy.Queue} before call {purge.Call.Call} purged it, and is there after");
                }
            }
        }
    }

    /// <summary>Not before its delay has passed, not after its retention.</summary>
    private static IEnumerable<HistoryViolation> Ages(Letter letter)
    {
        var delay = letter.Attempts.Min(a => a.Item.Millis) * 1_000;
        var latest = letter.Attempts.Max(a => a.Span.To);
        foreach (var delivery in letter.Deliveries)
        {
            if (delivery.To + ToleranceMicros < letter.FirstSent + delay)
            {
                yield return new("early", letter.Name, $"was to be delayed by {delay / 1_000} ms and was delivered after {(delivery.To - letter.FirstSent) / 1_000} ms");
            }
            if (delivery.From - ToleranceMicros - (letter.Queue.RetentionMillis * 1_000) > latest && latest != long.MaxValue)
            {
                yield return new("expired", letter.Name, $"was delivered {(delivery.From - latest) / 1_000} ms after it was sent");
            }
        }
    }

    private static IEnumerable<HistoryViolation> DeadLetters(HistoryBook book, Letter letter)
    {
        if (letter.Queue is not { MaximumReceives: > 0 and var maximum, DeadLetters: { } dead })
        {
            yield break;
        }
        var source = letter.Copies.Values.Where(c => c.Queue == letter.Queue.Name).ToList();
        foreach (var delivery in source.SelectMany(c => c.Deliveries).Where(d => d.Item.Count > maximum))
        {
            yield return new("dead letter", letter.Name, $"had delivery {delivery.Item.Count} of at most {maximum}");
        }
        foreach (var delivery in letter.Deliveries.Where(d => d.Queue == dead))
        {
            var most = source.Count == 0 ? book.MostDeliveries(new Copy(letter, letter.Queue.Name, ""), delivery.To) : source.Max(c => book.MostDeliveries(c, delivery.To));
            if (most < maximum)
            {
                yield return new("dead letter", letter.Name, $"went to {dead} after at most {most} of {maximum} deliveries");
            }
        }
    }

    /// <summary>Deliveries of one copy: counted upwards, and none while an earlier one hides the message.</summary>
    private static IEnumerable<HistoryViolation> Deliveries(Copy copy)
    {
        var deliveries = copy.Deliveries.OrderBy(d => d.Item.Count).ThenBy(d => d.To).ToList();
        for (var i = 1; i < deliveries.Count; i++)
        {
            var (first, second) = (deliveries[i - 1], deliveries[i]);
            var repeated = first.Item.Count == second.Item.Count;
            if (repeated && first.Span.Call.Attempt is { } attempt && attempt == second.Span.Call.Attempt)
            {
                continue;
            }
            if (repeated)
            {
                yield return new("double delivery", copy.Letter.Name, $"calls {first.Span.Call.Call} and {second.Span.Call.Call} both had its delivery {second.Item.Count} from {copy.Queue}");
                continue;
            }
            if (second.To < first.From)
            {
                yield return new("count", copy.Letter.Name, $"delivery {second.Item.Count} from {copy.Queue} came before delivery {first.Item.Count}");
            }
            var hidden = HiddenUntil(copy, first, second);
            if (second.To + ToleranceMicros < hidden)
            {
                yield return new(
                    "double delivery", copy.Letter.Name, $"delivery {second.Item.Count} from {copy.Queue} came {(hidden - second.To) / 1_000} ms before delivery {first.Item.Count} had run out");
            }
        }
    }

    /// <summary>Until when the message is hidden at least, after a delivery and what its receiver has since asked for.</summary>
    internal static long HiddenUntil(Copy copy, Delivery delivery, Delivery next)
    {
        var until = delivery.From + (delivery.Span.Call.Millis * 1_000);
        foreach (var change in copy.Changes.Where(c => c.Item.Count == delivery.Item.Count && c.Span.From < next.To).OrderBy(c => c.Span.From))
        {
            var changed = change.Span.From + (change.Span.Call.Millis * 1_000);
            until = change.Outcome switch
            {
                HistoryOutcome.Refused => until,
                HistoryOutcome.Done when change.Span.To < next.From => changed,
                _ => Math.Min(until, changed),
            };
        }
        return until;
    }
}
