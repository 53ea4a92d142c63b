using System.Globalization;
using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Operations;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>Which attributes a receive call wants to see, and the message as it sees it.</summary>
internal sealed class Wanted
{
    private static readonly HashSet<string> SystemNames =
    [
        "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SequenceNumber",
        "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
    ];

    private readonly List<string> _system;
    private readonly bool _allSystem;
    private readonly List<string> _user;
    private readonly bool _allUser;

    private Wanted(List<string> system, List<string> user)
    {
        _system = system;
        _allSystem = system.Contains("All");
        _user = user;
        _allUser = user.Exists(n => n is "All" or ".*");
    }

    /// <summary>All there is, for those who look at messages without receiving them.</summary>
    public static Wanted Everything { get; } = new(["All"], ["All"]);

    public static Wanted From(ReceiveMessageRequest request)
    {
        // Two spellings of the same wish: the older parameter and the one that replaces it.
        List<string> system = [.. request.AttributeNames ?? [], .. request.MessageSystemAttributeNames ?? []];
        // The older parameter takes names of queue attributes as well, and says nothing about them.
        if (system.Find(n => !SystemNames.Contains(n) && !GetQueueAttributes.Known.Contains(n)) is { } unknown)
        {
            throw SqsFaults.UnknownAttribute(unknown);
        }
        return new Wanted(system, request.MessageAttributeNames ?? []);
    }

    /// <param name="payload">Null when it does not open; then the message shows only what is not sealed.</param>
    public Message ToShape(QueueSnapshot queue, ReceivedMessage message, MessagePayload? payload, string handle)
    {
        var shape = new Message
        {
            MessageId = message.Id.ToString(),
            ReceiptHandle = handle,
            MD5OfBody = payload?.MD5OfBody,
            Body = payload?.Body,
            Attributes = _system.Count == 0 ? null : SystemAttributes(queue, message, payload),
        };
        if (_user.Count > 0 && payload?.Attributes.Count > 0)
        {
            AddUserAttributes(shape, payload);
        }
        return shape;
    }

    /// <summary>A message that was not received: no handle, but the state that it is in. One that does not open has no body.</summary>
    public Api.LongspanQueues.PeekedMessage ToPeeked(SqsContext cx, QueueSnapshot queue, PeekedMessage message)
    {
        var payload = cx.Keys.TryOpen(message.Payload, out var opened, out _) ? opened : null;
        var shape = ToShape(queue, new ReceivedMessage(
            new Receipt(message.Sequence, message.ReceiveCount), message.Id, message.Payload, message.SentAt, message.FirstReceivedAt, message.GroupId, message.Source), payload, "");
        if (message.ReceiveCount == 0)
        {
            shape.Attributes?.Remove("ApproximateFirstReceiveTimestamp");
        }
        return new Api.LongspanQueues.PeekedMessage
        {
            MessageId = shape.MessageId,
            State = message.Standing switch
            {
                MessageStanding.InFlight => "in-flight",
                MessageStanding.Delayed => "delayed",
                _ => "visible",
            },
            VisibleTimestamp = message.VisibleAt == 0 ? null : message.VisibleAt,
            MD5OfBody = shape.MD5OfBody,
            Body = shape.Body,
            Attributes = shape.Attributes,
            MessageAttributes = shape.MessageAttributes?.ToDictionary(
                a => a.Key,
                a => new Api.LongspanQueues.MessageAttributeValue { DataType = a.Value.DataType, StringValue = a.Value.StringValue, BinaryValue = a.Value.BinaryValue },
                StringComparer.Ordinal),
        };
    }

    private Dictionary<string, string>? SystemAttributes(QueueSnapshot queue, ReceivedMessage message, MessagePayload? payload)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("SenderId", payload?.Sender);
        Add("SentTimestamp", message.SentAt.ToString(CultureInfo.InvariantCulture));
        Add("ApproximateReceiveCount", message.Receipt.Delivery.ToString(CultureInfo.InvariantCulture));
        Add("ApproximateFirstReceiveTimestamp", message.FirstReceivedAt.ToString(CultureInfo.InvariantCulture));
        Add("SequenceNumber", Outgoing.SequenceNumber(queue, message.Receipt.Sequence));
        Add("MessageDeduplicationId", payload?.DeduplicationId);
        Add("MessageGroupId", message.GroupId);
        Add("AWSTraceHeader", payload?.TraceHeader);
        Add("DeadLetterQueueSourceArn", message.Source);
        return attributes.Count == 0 ? null : attributes;

        void Add(string name, string? value)
        {
            if (value is not null && (_allSystem || _system.Contains(name)))
            {
                attributes.Add(name, value);
            }
        }
    }

    private void AddUserAttributes(Message shape, MessagePayload payload)
    {
        var kept = _allUser ? payload.Attributes : [.. payload.Attributes.Where(a => Wants(a.Name))];
        if (kept.Count == 0)
        {
            return;
        }
        shape.MessageAttributes = kept.ToDictionary(
            a => a.Name,
            // A plain null would become empty memory, and with it an empty value of its own on the wire.
            a => new MessageAttributeValue { DataType = a.Type, StringValue = a.Text, BinaryValue = a.IsBinary ? a.Binary : default(ReadOnlyMemory<byte>?) },
            StringComparer.Ordinal);
        // The digest is of what is returned, or the client's check of it would fail.
        shape.MD5OfMessageAttributes = kept.Count == payload.Attributes.Count ? payload.MD5OfAttributes : MessageAttributes.DigestHex(kept);
    }

    private bool Wants(string name)
    {
        foreach (var wanted in _user)
        {
            if (wanted == name || (wanted.EndsWith(".*", StringComparison.Ordinal) && name.AsSpan().StartsWith(wanted.AsSpan(0, wanted.Length - 2))))
            {
                return true;
            }
        }
        return false;
    }
}
