using System.Globalization;
using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs.Operations;

internal static class GetQueueAttributes
{
    private static readonly HashSet<string> Counts =
        ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"];

    /// <summary>Every attribute that a queue may have, and the word for all of them.</summary>
    public static readonly HashSet<string> Known =
    [
        .. Counts, .. QueueAttributes.Defaults(fifo: true).Select(d => d.Key), "All", "QueueArn", "CreatedTimestamp", "LastModifiedTimestamp",
        QueueAttributes.Policy, QueueAttributes.RedrivePolicyName, QueueAttributes.RedriveAllowPolicyName,
        QueueAttributes.KmsMasterKeyId, QueueAttributes.KmsDataKeyReusePeriodSeconds,
    ];

    public static async ValueTask<GetQueueAttributesResult> HandleAsync(
        SqsContext cx, GetQueueAttributesRequest request, CancellationToken stop)
    {
        var queue = cx.Queue(request.QueueUrl);
        var names = request.AttributeNames ?? [];
        if (names.Find(n => !Known.Contains(n)) is { } unknown)
        {
            throw SqsFaults.UnknownAttribute(unknown);
        }
        if (names.Count == 0)
        {
            return new GetQueueAttributesResult();
        }
        var all = names.Contains("All");
        var depth = all || names.Exists(Counts.Contains) ? await cx.Messages.DepthAsync(queue.Id, stop) : default;
        var attributes = Collect(queue, depth);
        if (attributes.TryGetValue(QueueAttributes.Policy, out var policy))
        {
            attributes[QueueAttributes.Policy] = await cx.Call.Cloud.Principals.ShowAsync(policy, stop);
        }
        return new GetQueueAttributesResult
        {
            Attributes = all ? attributes : attributes.Where(a => names.Contains(a.Key)).ToDictionary(StringComparer.Ordinal),
        };
    }

    private static Dictionary<string, string> Collect(QueueSnapshot queue, QueueDepth depth)
    {
        var attributes = QueueAttributes.Defaults(queue.Fifo).ToDictionary(StringComparer.Ordinal);
        var document = queue.Document.Value;
        foreach (var (name, value) in document.Attributes)
        {
            attributes[name] = value;
        }
        if (attributes.ContainsKey(QueueAttributes.KmsMasterKeyId))
        {
            attributes.TryAdd(QueueAttributes.KmsDataKeyReusePeriodSeconds, "300");
        }
        attributes["QueueArn"] = queue.ArnText;
        attributes["CreatedTimestamp"] = Text(document.CreatedAt);
        attributes["LastModifiedTimestamp"] = Text(document.ModifiedAt);
        attributes["ApproximateNumberOfMessages"] = Text(depth.Visible);
        attributes["ApproximateNumberOfMessagesNotVisible"] = Text(depth.InFlight);
        attributes["ApproximateNumberOfMessagesDelayed"] = Text(depth.Delayed);
        return attributes;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
