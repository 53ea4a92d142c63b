using Longspan.Store.Documents;

namespace Longspan.Services.Sqs.Documents;

/// <summary>One task that moves a dead-letter queue's messages. Kept after its end, the ten newest per source.</summary>
/// <param name="Destination">Queue ARN; null: each message goes where it came from.</param>
/// <param name="MaximumPerSecond">Null: as fast as it goes.</param>
public sealed record MoveTaskDocument(
    string SourceArn, string? Destination, int? MaximumPerSecond, string Status, long StartedAt, long Moved, long ToMove, string? FailureReason)
{
    public const string Running = "RUNNING";
    public const string Completed = "COMPLETED";
    public const string Cancelling = "CANCELLING";
    public const string Cancelled = "CANCELLED";
    public const string Failed = "FAILED";

    public static DocumentKind<MoveTaskDocument> Kind { get; } = new()
    {
        Name = "sqs-move-task",
        Json = SqsJson.Default.MoveTaskDocument,
        Indexes = static (_, task) => [("source", task.SourceArn)],
    };

    public bool IsActive => Status is Running or Cancelling;
}
