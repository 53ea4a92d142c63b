using System.Collections.Concurrent;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Sqs.Documents;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Documents;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>A queue's definition with its attributes parsed: what a call looks at. Replaced as a whole when the definition changes.</summary>
public sealed class QueueSnapshot
{
    // One for each action that anybody asked about: their number is that of SQS's actions.
    private readonly ConcurrentDictionary<string, IReadOnlyList<AccessDemand>> _demands = new(StringComparer.Ordinal);

    internal QueueSnapshot(Document<QueueDocument> document)
    {
        Document = document;
        Scope = document.Key.Scope;
        Name = document.Key.Name;
        var slash = Scope.IndexOf('/', StringComparison.Ordinal);
        Account = Scope[..slash];
        Arn = new Arn("sqs", Scope[(slash + 1)..], Account, Name);
        ArnText = Arn.ToString();
        var attributes = document.Value.Attributes;
        Fifo = QueueName.IsFifo(Name);
        DelaySeconds = QueueAttributes.Number(attributes, QueueAttributes.DelaySeconds);
        MaximumMessageSize = QueueAttributes.Number(attributes, QueueAttributes.MaximumMessageSize);
        WaitSeconds = QueueAttributes.Number(attributes, QueueAttributes.ReceiveMessageWaitTimeSeconds);
        VisibilitySeconds = QueueAttributes.Number(attributes, QueueAttributes.VisibilityTimeout);
        Retention = TimeSpan.FromSeconds(QueueAttributes.Number(attributes, QueueAttributes.MessageRetentionPeriod));
        Sealed = QueueAttributes.Encrypts(attributes);
        ContentBasedDeduplication = QueueAttributes.Flag(attributes, QueueAttributes.ContentBasedDeduplication);
        DeduplicatesPerGroup = attributes.GetValueOrDefault(QueueAttributes.DeduplicationScope) == "messageGroup";
        Redrive = RedrivePolicy.Parse(attributes.GetValueOrDefault(QueueAttributes.RedrivePolicyName));
        ResourcePolicy = attributes.GetValueOrDefault(QueueAttributes.Policy) is { } text ? PolicyReader.TryRead(text, PolicyUse.Resource, out _) ?? Policy.DenyAll : null;
        RedriveAllow = RedriveAllowPolicy.Parse(attributes.GetValueOrDefault(QueueAttributes.RedriveAllowPolicyName));
    }

    public Document<QueueDocument> Document { get; }
    public long Id => Document.Value.Id;
    public string Scope { get; }
    public string Account { get; }
    public string Name { get; }
    public Arn Arn { get; }
    public string ArnText { get; }
    public bool Fifo { get; }
    public int DelaySeconds { get; }
    public int MaximumMessageSize { get; }
    public int WaitSeconds { get; }
    public int VisibilitySeconds { get; }
    public TimeSpan Retention { get; }
    /// <summary>Whether messages sent from now on are encrypted at rest; those that are stored stay as they are.</summary>
    public bool Sealed { get; }
    public bool ContentBasedDeduplication { get; }
    public bool DeduplicatesPerGroup { get; }
    /// <summary>The owner's policy for this queue, null without one.</summary>
    internal Policy? ResourcePolicy { get; }
    internal RedrivePolicy? Redrive { get; }
    internal RedriveAllowPolicy? RedriveAllow { get; }

    /// <summary>The question whether a caller may do <paramref name="action"/> on this queue.</summary>
    internal IReadOnlyList<AccessDemand> Demands(string action) => _demands.GetOrAdd(
        action, static (asked, queue) => [new AccessDemand(asked, queue.ArnText) { ResourcePolicy = queue.ResourcePolicy, ResourceTags = queue.Document.Value.Tags }],
        this);

    /// <summary>What the message store has to know. A dead-letter queue that does not exist (any more) leaves messages where they are.</summary>
    internal QueueSettings ToSettings(QueueSnapshot? deadLetters) => new()
    {
        Fifo = Fifo,
        Retention = Retention,
        MaximumReceives = deadLetters is null ? 0 : Redrive!.MaximumReceives,
        DeadLetterQueue = deadLetters?.Id ?? 0,
        SourceTag = ArnText,
    };
}
