using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Sqs;
using Longspan.Kernel;
using Longspan.Services.Sqs.Rules;
using Longspan.Services.Sqs.Sealing;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>A message on its way in: checked, laid out for the store, its digests at hand for the answer.</summary>
internal readonly record struct Outgoing(
    NewMessage Message, int Size, string MD5OfBody, string? MD5OfAttributes, string? MD5OfSystemAttributes)
{
    private const int LongestGroup = 128;
    private const int LongestDelay = 900;
    private const string NoDeduplication = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";

    private static readonly SearchValues<char> LegalToken =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

    /// <summary>Checks one message of a send request, alone or in a batch, and seals it unless <paramref name="key"/> is null.</summary>
    public static Outgoing Prepare(SqsContext cx, QueueSnapshot queue, MessageKey? key, SendMessageBatchRequestEntry entry)
    {
        if (string.IsNullOrEmpty(entry.MessageBody))
        {
            throw SqsFaults.MissingParameter("MessageBody");
        }
        if (!MessageText.IsLegal(entry.MessageBody))
        {
            throw MessageText.Illegal();
        }
        var attributes = MessageAttributes.Check(entry.MessageAttributes);
        var trace = MessageAttributes.CheckSystem(entry.MessageSystemAttributes);
        CheckOrder(queue, entry);
        var size = Encoding.UTF8.GetByteCount(entry.MessageBody) + attributes.Sum(a => a.Bytes);
        if (size > queue.MaximumMessageSize)
        {
            throw SqsFaults.InvalidParameter(
                $"One or more parameters are invalid. Reason: Message must be shorter than {queue.MaximumMessageSize} bytes.");
        }
        var deduplicationId = queue.Fifo ? entry.MessageDeduplicationId ?? ContentDigest(entry.MessageBody) : null;
        var payload = MessagePayload.Encode(
            entry.MessageBody, attributes, cx.Call.Caller.UserId, trace, deduplicationId, key, out var md5OfBody, out var md5OfAttributes);
        var message = new NewMessage(Ids.UuidValue(), payload)
        {
            GroupId = entry.MessageGroupId,
            Delay = Delay(queue, entry.DelaySeconds),
            // What makes two sends the same: the deduplication id, inside its group when the queue says so.
            Deduplication = deduplicationId is null ? default : cx.Keys.Digest(queue.DeduplicatesPerGroup ? $"{entry.MessageGroupId}\0{deduplicationId}" : $"\0{deduplicationId}"),
        };
        var md5OfSystem = trace is null ? null
            : MessageAttributes.DigestHex([new MessageAttribute("AWSTraceHeader", "String", trace, default)]);
        return new Outgoing(message, size, md5OfBody, md5OfAttributes, md5OfSystem);
    }

    /// <summary>Sequence numbers as AWS spells them: twenty digits, so that texts compare as numbers do.</summary>
    public static string? SequenceNumber(QueueSnapshot queue, long sequence) =>
        queue.Fifo ? (10_000_000_000_000_000_000UL + (ulong)sequence).ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>What a message that was refused counts in its batch.</summary>
    public static int SizeOf(SendMessageBatchRequestEntry entry) =>
        Bytes(entry.MessageBody) + (entry.MessageAttributes?.Sum(a => Bytes(a.Key) + Bytes(a.Value.DataType) + Bytes(a.Value.StringValue) + (a.Value.BinaryValue?.Length ?? 0)) ?? 0);

    /// <summary>A batch in which an entry cannot be put in order is refused as a whole, unlike one with any other bad entry.</summary>
    public static void CheckBatchOrder(QueueSnapshot queue, IReadOnlyList<SendMessageBatchRequestEntry> entries)
    {
        if (queue.Fifo && entries.Any(e => string.IsNullOrEmpty(e.MessageGroupId)))
        {
            throw SqsFaults.InvalidParameter("The request must contain the parameter MessageGroupId.");
        }
        if (queue.Fifo && !queue.ContentBasedDeduplication && entries.Any(e => e.MessageDeduplicationId is null))
        {
            throw SqsFaults.InvalidParameter(NoDeduplication);
        }
    }

    private static int Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    private static void CheckOrder(QueueSnapshot queue, SendMessageBatchRequestEntry entry)
    {
        if (queue.Fifo)
        {
            if (string.IsNullOrEmpty(entry.MessageGroupId))
            {
                throw SqsFaults.MissingParameter("MessageGroupId");
            }
            if (entry.MessageDeduplicationId is null && !queue.ContentBasedDeduplication)
            {
                throw SqsFaults.InvalidParameter(NoDeduplication);
            }
            if (entry.DelaySeconds is > 0)
            {
                throw SqsFaults.InvalidParameter(
                    "DelaySeconds", entry.DelaySeconds, "The request include parameter that is not valid for this queue type.");
            }
        }
        else if (entry.MessageDeduplicationId is not null)
        {
            throw SqsFaults.InvalidParameter(
                "MessageDeduplicationId", entry.MessageDeduplicationId, "The request include parameter that is not valid for this queue type.");
        }
        CheckToken("MessageGroupId", entry.MessageGroupId);
        CheckToken("MessageDeduplicationId", entry.MessageDeduplicationId);
    }

    public static void CheckToken(string parameter, string? value)
    {
        if (value is not null && (value.Length is 0 or > LongestGroup || value.AsSpan().ContainsAnyExcept(LegalToken)))
        {
            throw SqsFaults.InvalidParameter(
                parameter, value, $"{parameter} can only include alphanumeric and punctuation characters. 1 to {LongestGroup} in length.");
        }
    }

    private static TimeSpan Delay(QueueSnapshot queue, int? seconds) => seconds switch
    {
        null => TimeSpan.FromSeconds(queue.DelaySeconds),
        0 when queue.Fifo => TimeSpan.FromSeconds(queue.DelaySeconds),
        >= 0 and <= LongestDelay => TimeSpan.FromSeconds(seconds.Value),
        _ => throw SqsFaults.InvalidParameter("DelaySeconds", seconds, $"DelaySeconds must be >= 0 and <= {LongestDelay}."),
    };

    private static string ContentDigest(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
}
