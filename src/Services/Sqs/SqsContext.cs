using Longspan.Kernel;
using Longspan.Services.Sqs.Rules;
using Longspan.Services.Sqs.Sealing;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>What an SQS operation works with.</summary>
public sealed record SqsContext(
    CallContext Call, QueueDirectory Queues, MessageBackend Messages, ReceiptHandles Handles, MoveTasks Moves, MessageKeys Keys)
{
    /// <summary>The queue that a URL names, in the caller's region.</summary>
    internal QueueSnapshot Queue(string? url)
    {
        var (account, name) = QueueName.FromUrl(url, Call.AccountId);
        return Queues.Find(account == Call.AccountId ? Call.Scope : $"{account}/{Call.Region}", name) ?? throw SqsFaults.NoSuchQueue();
    }

    internal string UrlOf(QueueSnapshot queue) => QueueName.ToUrl(Call, queue.Account, queue.Name);
}
