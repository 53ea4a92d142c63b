namespace Longspan.Cli.Queues;

/// <summary>What <c>queue list --output json</c> prints.</summary>
internal sealed record QueueListReport(IReadOnlyList<QueueSummary> Queues);

/// <param name="OldestAgeSeconds">Since the oldest message was sent; null for an empty queue.</param>
/// <param name="DeadLetterQueue">The name of the queue that takes the dead letters.</param>
internal sealed record QueueSummary(
    string Name, string Url, long Visible, long InFlight, long Delayed, long? OldestAgeSeconds, string? DeadLetterQueue, int? MaxReceiveCount, bool Fifo);

/// <param name="Messages">What the queue held just before.</param>
internal sealed record QueuePurgeReport(string Queue, long Messages);

/// <param name="Status"><c>RUNNING</c>, <c>COMPLETED</c>, <c>CANCELLING</c>, <c>CANCELLED</c> or <c>FAILED</c>.</param>
/// <param name="Destination">Null: each message to the queue that it came from.</param>
internal sealed record QueueMoveReport(
    string Source, string Status, long Moved, long ToMove, string? Destination, int? MessagesPerSecond, long StartedTimestamp, string? FailureReason);
