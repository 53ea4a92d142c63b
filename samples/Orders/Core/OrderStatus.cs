namespace Orders.Core;

/// <summary>Status only moves forward: a message with an equal or lower stage than the recorded one changes nothing.</summary>
public static class OrderStatus
{
    public const string Queued = "QUEUED";
    public const string Processed = "PROCESSED";

    public const int QueuedStage = 10;
    public const int ProcessedStage = 20;

    /// <summary>Zero for a status this version does not know; such a message is dropped, not guessed at.</summary>
    public static int StageOf(string? status) => status switch
    {
        Queued => QueuedStage,
        Processed => ProcessedStage,
        _ => 0,
    };

    public static string NameOf(int stage) => stage >= ProcessedStage ? Processed : Queued;
}
