using Longspan.Kernel;

namespace Longspan.Services.Sqs.Rules;

/// <summary>What a redrive policy's target must be.</summary>
internal static class RedriveRules
{
    public static void Check(SqsContext cx, IReadOnlyDictionary<string, string> attributes, Arn source, bool fifo)
    {
        var text = attributes.GetValueOrDefault(QueueAttributes.RedrivePolicyName);
        if (RedrivePolicy.Parse(text) is not { } policy)
        {
            return;
        }
        if (cx.Queues.Find(policy.DeadLetterTarget) is not { } target || target.Scope != cx.Call.Scope)
        {
            throw SqsFaults.InvalidParameter(QueueAttributes.RedrivePolicyName, text, "Dead letter target does not exist.");
        }
        if (target.Arn == source)
        {
            throw SqsFaults.InvalidParameter(QueueAttributes.RedrivePolicyName, text, "A queue cannot be its own dead-letter queue.");
        }
        if (target.Fifo != fifo)
        {
            throw SqsFaults.InvalidParameter(
                QueueAttributes.RedrivePolicyName, text, "Dead-letter queue must be same type of queue as the source.");
        }
        if (target.RedriveAllow?.Allows(source.ToString()) == false)
        {
            throw SqsFaults.InvalidParameter(QueueAttributes.RedrivePolicyName, text, "Queue does not have permission to redrive messages to the dead letter queue.");
        }
    }
}
