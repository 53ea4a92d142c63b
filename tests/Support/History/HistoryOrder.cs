namespace Longspan.Support.History;

/// <summary>
/// The order of message groups. The queue decides the order by the sequence numbers that it gives; those must agree with the order in which
/// sends were answered. No message may be delivered while an older one of its group is there, but for one that the same answer names first.
/// </summary>
internal static class HistoryOrder
{
    public static IEnumerable<HistoryViolation> Check(HistoryBook book)
    {
        foreach (var queue in book.Queues.Values.Where(q => q.Fifo))
        {
            foreach (var group in book.Letters.Where(l => l.Queue == queue).GroupBy(l => l.Group))
            {
                foreach (var violation in Sent([.. group]))
                {
                    yield return violation;
                }
            }
            var copies = book.Letters.SelectMany(l => Known(l, queue.Name)).Where(c => c.Queue == queue.Name);
            foreach (var group in copies.GroupBy(c => c.Letter.Group))
            {
                Copy[] inOrder = [.. group.OrderBy(c => Number(c.Id))];
                foreach (var violation in Delivered(book, queue, inOrder).Concat(Closed(book, queue, inOrder)))
                {
                    yield return violation;
                }
            }
        }
    }

    /// <summary>A letter's copies, one that was acknowledged and never seen included.</summary>
    private static IEnumerable<Copy> Known(Letter letter, string queue)
    {
        if (letter.Queue.Name == queue && letter.Attempts.Find(a => a.Id is not null) is { Id: { } id })
        {
            letter.CopyIn(queue, id);
        }
        return letter.Copies.Values;
    }

    private static IEnumerable<HistoryViolation> Sent(List<Letter> letters)
    {
        var answered = letters.Where(l => l.Acknowledged)
            .Select(l => (Letter: l, First: l.Attempts[0], Done: l.Attempts.First(a => a.Outcome == HistoryOutcome.Done)))
            .OrderBy(l => Number(l.Done.Id!)).ToList();
        // Going up in the queue's order, nothing may have been answered before something lower was first sent.
        var latest = answered.FirstOrDefault();
        foreach (var one in answered.Skip(1))
        {
            var sameCall = one.First.Span == latest.First.Span && one.First == one.Done && latest.First == latest.Done;
            if (sameCall ? one.First.Place < latest.First.Place : one.Done.Span.To < latest.First.Span.From)
            {
                yield return new("order", one.Letter.Name, $"was answered before {latest.Letter.Name} was sent, and is {one.Done.Id} behind {latest.Done.Id}");
            }
            if (one.First.Span.From >= latest.First.Span.From)
            {
                latest = one;
            }
        }
    }

    private static IEnumerable<HistoryViolation> Delivered(HistoryBook book, HistoryQueue queue, Copy[] copies)
    {
        for (var i = 1; i < copies.Length; i++)
        {
            // A repeated attempt is handed what it was handed before, whatever has become of the rest of the group.
            foreach (var delivery in copies[i].Deliveries.DistinctBy(d => d.Item.Count))
            {
                for (var older = 0; older < i; older++)
                {
                    if (Overtakes(book, queue, copies[older], delivery))
                    {
                        yield return new("order", copies[i].Letter.Name, $"({copies[i].Id}) was delivered by call {delivery.Span.Call.Call} while {copies[older].Letter.Name} ({copies[older].Id}) of its group was there");
                    }
                }
            }
        }
    }

    /// <summary>A group is closed while one of its messages is in flight, to every call but the one that took it.</summary>
    private static IEnumerable<HistoryViolation> Closed(HistoryBook book, HistoryQueue queue, Copy[] copies)
    {
        foreach (var copy in copies)
        {
            foreach (var delivery in copy.Deliveries.DistinctBy(d => d.Item.Count))
            {
                var holder = copies.FirstOrDefault(other => other != copy && Holds(other, delivery));
                if (holder is not null && !book.Purges[queue.Name].Any(p => p.From < delivery.To) && !book.Moves[queue.Name].Any(m => m.From < delivery.To))
                {
                    yield return new("group in flight", copy.Letter.Name, $"was delivered by call {delivery.Span.Call.Call} while {holder.Letter.Name} of its group was in flight");
                }
            }
        }
    }

    private static bool Holds(Copy other, Delivery delivery)
    {
        var last = other.Deliveries.LastOrDefault(d => d.To < delivery.From);
        return last is not null && !other.Deliveries.Exists(d => d.Span == delivery.Span)
            && !other.Deletes.Exists(d => d.Outcome != HistoryOutcome.Refused && d.Span.From < delivery.To)
            && HistoryChecker.HiddenUntil(other, last, delivery) > delivery.To + HistoryChecker.ToleranceMicros;
    }

    private static bool Overtakes(HistoryBook book, HistoryQueue queue, Copy older, Delivery delivery)
    {
        if (older.Deliveries.Exists(d => d.Span == delivery.Span && d.Place < delivery.Place))
        {
            return false;
        }
        if (older.Deliveries.Exists(d => d.From > delivery.To))
        {
            return true;
        }
        // A moved message has a new number, but nobody knows what it had before if nobody received it.
        return !older.Deletes.Exists(d => d.Outcome != HistoryOutcome.Refused && d.Span.From < delivery.To)
            && !book.Purges[queue.Name].Any(p => p.From < delivery.To)
            && !book.Moves[queue.Name].Any(m => m.From < delivery.To)
            && delivery.To - older.Letter.FirstSent <= queue.RetentionMillis * 1_000
            && (queue.MaximumReceives == 0 || book.MostDeliveries(older, delivery.To) < queue.MaximumReceives);
    }

    private static UInt128 Number(string id) => UInt128.Parse(id, System.Globalization.CultureInfo.InvariantCulture);
}
