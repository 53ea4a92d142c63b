namespace Longspan.Cli.Queues;

/// <summary>Why a message move task ended early, and what helps.</summary>
internal static class MoveReasons
{
    public static string Explain(string reason) => reason switch
    {
        "CouldNotDetermineMessageSource" => "messages that were sent to this queue directly have no queue to go back to, and stay; name one with --to.",
        "AWS.SimpleQueueService.NonExistentQueue" => "a queue was deleted meanwhile.",
        "ServiceUnavailable" => "the message store could not write; look at the server's log and its disk, then start the move again.",
        _ => "look at the server's log.",
    };
}
