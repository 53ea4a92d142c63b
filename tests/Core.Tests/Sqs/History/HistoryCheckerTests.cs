using Longspan.Support.History;
using Xunit;

namespace Longspan.Core.Tests.Sqs.History;

/// <summary>The checker must find each kind of broken promise and name the message; and it must grant what a lost answer may hide.</summary>
public sealed class HistoryCheckerTests
{
    private const string Plain = "plain";
    private const string Order = "order";
    private const string Dead = "dead";

    private static readonly HistoryQueue[] Queues =
    [
        new(Plain, false) { MaximumReceives = 2, DeadLetters = Dead }, new(Order, true), new(Dead, false), new("short", false) { RetentionMillis = 1_000 },
    ];

    [Fact]
    public void A_lost_message_is_found()
    {
        Expect("lost", "m1", new Script().Sent(Plain, "m1", 1));
        Expect("lost", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Deleted(Plain, "m1", 1, HistoryOutcome.Refused));
        Expect("lost", "order:d", new Script().Sent(Order, "m1", 1, deduplication: "d").Sent(Order, "m2", 1, deduplication: "d"));
    }

    [Fact]
    public void A_deleted_message_that_is_back_is_found()
    {
        var deleted = new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Deleted(Plain, "m1", 1);
        Expect("back after delete", "m1", deleted.Then(100).Received(Plain, "m1", 1, count: 2));
        Expect("back after delete", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Polling("p").Deleted(Plain, "m1", 1).Then(100).Polled("p", Plain, "m1", 1, count: 2));
    }

    [Fact]
    public void A_purged_message_that_is_back_is_found() => Expect(
        "back after purge", "m1", new Script().Sent(Plain, "m1", 1).Purged(Plain).Received(Plain, "m1", 1).Deleted(Plain, "m1", 1));

    [Fact]
    public void A_broken_order_is_found()
    {
        Expect("order", "m2", new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m2", 2).Deleted(Order, "m2", 2).Received(Order, "m1", 1).Deleted(Order, "m1", 1));
        // The first comes back after its time has run out, and the second goes out before it.
        Expect("order", "m2", new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m1", 1).Then(2_000).Received(Order, "m2", 2).Deleted(Order, "m2", 2)
            .Received(Order, "m1", 1, count: 2).Deleted(Order, "m1", 1, count: 2));
        // Numbered against the order in which the sends were answered.
        Expect("order", "m2", new Script().Sent(Order, "m2", 9).Sent(Order, "m1", 8).Received(Order, "m1", 8).Deleted(Order, "m1", 8).Received(Order, "m2", 9).Deleted(Order, "m2", 9));
        // Skipped for ever: both lost and overtaken.
        Expect("order", "m2", new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m2", 2).Deleted(Order, "m2", 2));
    }

    [Fact]
    public void A_group_that_opens_too_early_is_found()
    {
        var both = new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m1", 1, and: ("m2", 2)).Extended(Order, "m1", 1, 0).Then(100);
        Expect("group in flight", "m1", both.Received(Order, "m1", 1, count: 2).Deleted(Order, "m1", 1, count: 2).Deleted(Order, "m2", 2));
        // Once the other is deleted, or its time has run out, it is in order.
        Legal(new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m1", 1, and: ("m2", 2)).Extended(Order, "m1", 1, 0).Deleted(Order, "m2", 2)
            .Received(Order, "m1", 1, count: 2).Deleted(Order, "m1", 1, count: 2));
    }

    [Fact]
    public void A_duplicate_inside_the_window_is_found()
    {
        Expect("duplicate", "order:d", new Script().Sent(Order, "m1", 1, deduplication: "d").Sent(Order, "m1", 2, deduplication: "d")
            .Received(Order, "m1", 1).Deleted(Order, "m1", 1));
        Expect("duplicate", "order:d", new Script().Unanswered(HistoryEvent.Send, Order, "m1", deduplication: "d").Sent(Order, "m1", 2, deduplication: "d")
            .Received(Order, "m1", 1).Received(Order, "m1", 2).Deleted(Order, "m1", 1).Deleted(Order, "m1", 2));
        Expect("duplicate", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Received(Plain, "m1", 2).Deleted(Plain, "m1", 1).Deleted(Plain, "m1", 2));
    }

    [Fact]
    public void A_delivery_to_two_receivers_at_a_time_is_found()
    {
        var received = new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1);
        Expect("double delivery", "m1", received.Then(500).Received(Plain, "m1", 1, count: 2).Deleted(Plain, "m1", 1, count: 2));
        Expect("double delivery", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Then(2_000).Received(Plain, "m1", 1).Deleted(Plain, "m1", 1));
        // Its first receiver had asked for longer.
        Expect("double delivery", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Extended(Plain, "m1", 1, 5_000).Then(2_000)
            .Received(Plain, "m1", 1, count: 2).Deleted(Plain, "m1", 1, count: 2));
    }

    [Fact]
    public void A_count_that_falls_is_found() => Expect(
        "count", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1, count: 2).Then(2_000).Received(Plain, "m1", 1, count: 1).Deleted(Plain, "m1", 1, count: 1));

    [Fact]
    public void Dead_letters_come_once_and_in_time()
    {
        Expect("dead letter", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Then(2_000).Received(Dead, "m1", 7).Deleted(Dead, "m1", 7));
        Expect("dead letter", "m1", new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1, count: 3).Deleted(Plain, "m1", 1, count: 3));
        var worn = new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Then(2_000).Received(Plain, "m1", 1, count: 2).Then(2_000).Received(Dead, "m1", 7);
        Expect("duplicate", "m1", worn.Received(Dead, "m1", 8).Deleted(Dead, "m1", 8));
    }

    [Fact]
    public void What_nobody_sent_or_that_was_refused_is_found()
    {
        Expect("phantom", "m9", new Script().Received(Plain, "m9", 1));
        Expect("refused", "m1", new Script().Sent(Plain, "m1", 1, outcome: HistoryOutcome.Refused).Received(Plain, "m1", 1).Deleted(Plain, "m1", 1));
        Expect("place", "m1", new Script().Sent(Plain, "m1", 1).Received(Order, "m1", 1).Deleted(Order, "m1", 1));
        Expect("content", "m1", new Script().Sent(Order, "m1", 1).Received(Order, "m1", 1, group: "other").Deleted(Order, "m1", 1));
    }

    [Fact]
    public void Delays_and_retention_are_held()
    {
        Expect("early", "m1", new Script().Sent(Plain, "m1", 1, delay: 1_000).Then(500).Received(Plain, "m1", 1).Deleted(Plain, "m1", 1));
        Expect("expired", "m1", new Script().Sent("short", "m1", 1).Then(3_000).Received("short", "m1", 1).Deleted("short", "m1", 1));
    }

    [Fact]
    public void What_a_lost_answer_may_hide_is_no_violation()
    {
        // An unanswered send may or may not be there; an unanswered delete may or may not have happened.
        Legal(new Script().Unanswered(HistoryEvent.Send, Plain, "m1"));
        Legal(new Script().Unanswered(HistoryEvent.Send, Plain, "m1").Received(Plain, "m1", 1).Deleted(Plain, "m1", 1));
        Legal(new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Unanswered(HistoryEvent.Delete, Plain, "m1"));
        Legal(new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Unanswered(HistoryEvent.Delete, Plain, "m1").Then(2_000)
            .Received(Plain, "m1", 1, count: 2).Deleted(Plain, "m1", 1, count: 2));
        // An unanswered receive may have delivered: the count skips one, or the message is a dead letter.
        Legal(new Script().Sent(Plain, "m1", 1).Unanswered(HistoryEvent.Receive, Plain).Then(2_000).Received(Plain, "m1", 1, count: 2).Deleted(Plain, "m1", 1, count: 2));
        Legal(new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Unanswered(HistoryEvent.Receive, Plain).Then(2_000).Received(Dead, "m1", 7).Deleted(Dead, "m1", 7));
        // An unanswered change may have made it visible at once.
        Legal(new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Unanswered(HistoryEvent.Visibility, Plain, "m1").Then(1)
            .Received(Plain, "m1", 1, count: 2).Deleted(Plain, "m1", 1, count: 2));
        // A repetition after an unanswered send is the same letter.
        Legal(new Script().Unanswered(HistoryEvent.Send, Order, "m1", deduplication: "d").Sent(Order, "m1", 1, deduplication: "d").Received(Order, "m1", 1).Deleted(Order, "m1", 1));
        // The first is perhaps deleted, so the second may come; an unanswered purge takes what it wants.
        Legal(new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m1", 1).Unanswered(HistoryEvent.Delete, Order, "m1").Received(Order, "m2", 2).Deleted(Order, "m2", 2));
        Legal(new Script().Sent(Plain, "m1", 1).Unanswered(HistoryEvent.Purge, Plain));
    }

    [Fact]
    public void An_orderly_history_is_no_violation()
    {
        Legal(new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Then(1_000).Received(Plain, "m1", 1, count: 2).Then(1_000)
            .Received(Dead, "m1", 7).Moved(Dead).Received(Plain, "m1", 9).Deleted(Plain, "m1", 9));
        Legal(new Script().Sent(Order, "m1", 1).Sent(Order, "m2", 2).Received(Order, "m1", 1, and: ("m2", 2)).Then(1_000)
            .Received(Order, "m1", 1, count: 2).Deleted(Order, "m1", 1, count: 2).Received(Order, "m2", 2, count: 2).Deleted(Order, "m2", 2, count: 2));
        Legal(new Script().Sent(Order, "m1", 1).Received(Order, "m1", 1, attempt: "a").Received(Order, "m1", 1, attempt: "a").Deleted(Order, "m1", 1));
        Legal(new Script().Sent("short", "m1", 1).Then(1_000).Sent(Plain, "m2", 2).Purged(Plain));
        Legal(new Script().Sent(Plain, "m1", 1).Received(Plain, "m1", 1).Extended(Plain, "m1", 1, 0).Received(Plain, "m1", 1, count: 2).Deleted(Plain, "m1", 1, count: 2));
    }

    [Fact]
    public void An_event_survives_its_line()
    {
        var call = new Script().Sent(Order, "m1", 1, deduplication: "d", delay: 5).Events[0] with { Attempt = "x", Millis = 7 };
        Assert.Equal(call.Encode(), HistoryEvent.Decode(call.Encode()).Encode());
        Assert.Equal(call.Items[0], HistoryEvent.Decode(call.Encode()).Items[0]);
    }

    private static void Expect(string rule, string message, Script script)
    {
        var violations = HistoryChecker.Check(script.Events, Queues);
        Assert.Contains(violations, v => v.Rule == rule && v.Message == message);
    }

    private static void Legal(Script script) => Assert.Empty(HistoryChecker.Check(script.Events, Queues));
}
