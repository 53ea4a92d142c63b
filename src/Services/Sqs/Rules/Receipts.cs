using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Rules;

/// <summary>What the store's answer about a receipt means to the caller.</summary>
internal static class Receipts
{
    private const int LongestVisibility = 43_200;

    /// <summary>
    /// Deleting twice is fine, and so is a receipt of an earlier delivery on a standard queue (which deletes nothing). A FIFO queue says
    /// that the receipt has expired, because the message may be on its way to somebody else.
    /// </summary>
    public static AwsError? DeleteFault(QueueSnapshot queue, ReceiptOutcome outcome, string? handle) =>
        queue.Fifo && outcome is (ReceiptOutcome.Expired or ReceiptOutcome.Superseded)
            ? SqsFaults.InvalidParameter("ReceiptHandle", handle, "The receipt handle has expired.")
            : null;

    public static AwsError? VisibilityFault(ReceiptOutcome outcome, string? handle, int? seconds) => outcome switch
    {
        ReceiptOutcome.Done => null,
        ReceiptOutcome.Expired => new MessageNotInflight("The specified message isn't in flight."),
        ReceiptOutcome.BeyondLimit => SqsFaults.InvalidParameter(
            "VisibilityTimeout", seconds, $"Total VisibilityTimeout for the message is beyond the limit [{LongestVisibility} seconds]"),
        _ => SqsFaults.InvalidParameter("ReceiptHandle", handle, "Message does not exist or is not available for visibility timeout change."),
    };

    public static TimeSpan Visibility(int? seconds) => seconds switch
    {
        null => throw SqsFaults.MissingParameter("VisibilityTimeout"),
        >= 0 and <= LongestVisibility => TimeSpan.FromSeconds(seconds.Value),
        _ => throw SqsFaults.InvalidParameter("VisibilityTimeout", seconds, $"Must be between 0 and {LongestVisibility}, if provided."),
    };
}
