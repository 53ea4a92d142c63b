using System.Globalization;
using Longspan.Api.Sqs;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Sqs.Rules;

/// <summary>The settable attributes of a queue: names, ranges, defaults.</summary>
internal static class QueueAttributes
{
    public const string FifoQueue = "FifoQueue";
    public const string ContentBasedDeduplication = "ContentBasedDeduplication";
    public const string DeduplicationScope = "DeduplicationScope";
    public const string FifoThroughputLimit = "FifoThroughputLimit";
    public const string RedrivePolicyName = "RedrivePolicy";
    public const string RedriveAllowPolicyName = "RedriveAllowPolicy";
    public const string Policy = "Policy";
    public const string KmsMasterKeyId = "KmsMasterKeyId";
    public const string KmsDataKeyReusePeriodSeconds = "KmsDataKeyReusePeriodSeconds";
    public const string SqsManagedSseEnabled = "SqsManagedSseEnabled";
    public const string DelaySeconds = "DelaySeconds";
    public const string MaximumMessageSize = "MaximumMessageSize";
    public const string MessageRetentionPeriod = "MessageRetentionPeriod";
    public const string ReceiveMessageWaitTimeSeconds = "ReceiveMessageWaitTimeSeconds";
    public const string VisibilityTimeout = "VisibilityTimeout";

    /// <summary>Today's limit of a message and of a batch together.</summary>
    public const int LargestMessage = 1024 * 1024;

    private static readonly Dictionary<string, (int Least, int Most, int Default)> Numbers = new(StringComparer.Ordinal)
    {
        [DelaySeconds] = (0, 900, 0),
        [MaximumMessageSize] = (1024, LargestMessage, LargestMessage),
        [MessageRetentionPeriod] = (60, 1_209_600, 345_600),
        [ReceiveMessageWaitTimeSeconds] = (0, 20, 0),
        [VisibilityTimeout] = (0, 43_200, 30),
        [KmsDataKeyReusePeriodSeconds] = (60, 86_400, 300),
    };

    /// <summary>Attributes that exist on every queue, with the value of a queue whose owner has not set them.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Defaults(bool fifo)
    {
        yield return new(VisibilityTimeout, "30");
        yield return new(MaximumMessageSize, LargestMessage.ToString(CultureInfo.InvariantCulture));
        yield return new(MessageRetentionPeriod, "345600");
        yield return new(DelaySeconds, "0");
        yield return new(ReceiveMessageWaitTimeSeconds, "0");
        yield return new(SqsManagedSseEnabled, "true");
        if (fifo)
        {
            yield return new(FifoQueue, "true");
            yield return new(ContentBasedDeduplication, "false");
            yield return new(DeduplicationScope, "queue");
            yield return new(FifoThroughputLimit, "perQueue");
        }
    }

    public static int Number(IReadOnlyDictionary<string, string> attributes, string name) =>
        attributes.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : Numbers[name].Default;

    public static bool Flag(IReadOnlyDictionary<string, string> attributes, string name) =>
        attributes.TryGetValue(name, out var text) && text == "true";

    /// <summary>With a KMS key or, the default, with the service's own; in clear only where the owner switched that off.</summary>
    public static bool Encrypts(IReadOnlyDictionary<string, string> attributes) =>
        attributes.ContainsKey(KmsMasterKeyId) || attributes.GetValueOrDefault(SqsManagedSseEnabled) != "false";

    /// <summary>
    /// Checks what a caller wants to set and merges it over what is set. Values come back in one spelling; empty texts remove.
    /// </summary>
    public static Dictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> current, IReadOnlyDictionary<string, string>? wanted, bool fifo)
    {
        var merged = new Dictionary<string, string>(current, StringComparer.Ordinal);
        foreach (var (name, value) in wanted ?? new Dictionary<string, string>())
        {
            var normal = Normalize(name, value ?? "", fifo);
            if (normal is null)
            {
                merged.Remove(name);
            }
            else
            {
                merged[name] = normal;
            }
        }
        if (!string.IsNullOrEmpty(wanted?.GetValueOrDefault(KmsMasterKeyId)) && wanted.ContainsKey(SqsManagedSseEnabled) && Flag(merged, SqsManagedSseEnabled))
        {
            throw new InvalidAttributeName(
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.");
        }
        // One kind of encryption at a time: naming a key switches the managed one off, and the other way round.
        if (wanted?.ContainsKey(KmsMasterKeyId) == true && merged.ContainsKey(KmsMasterKeyId))
        {
            merged[SqsManagedSseEnabled] = "false";
        }
        else if (wanted?.GetValueOrDefault(SqsManagedSseEnabled) is not null && Flag(merged, SqsManagedSseEnabled))
        {
            merged.Remove(KmsMasterKeyId);
        }
        if (merged.GetValueOrDefault(FifoThroughputLimit) == "perMessageGroupId" && merged.GetValueOrDefault(DeduplicationScope) != "messageGroup")
        {
            throw SqsFaults.InvalidParameter("The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.");
        }
        return merged;
    }

    private static string? Normalize(string name, string value, bool fifo)
    {
        if (Numbers.TryGetValue(name, out var range))
        {
            return int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= range.Least && number <= range.Most
                ? number.ToString(CultureInfo.InvariantCulture)
                : throw SqsFaults.InvalidAttribute(name);
        }
        switch (name)
        {
            case SqsManagedSseEnabled:
                return Boolean(name, value);
            case ContentBasedDeduplication when fifo:
                return Boolean(name, value);
            case FifoQueue when fifo:
                return value == "true" ? "true" : throw SqsFaults.InvalidAttribute(name);
            case DeduplicationScope when fifo:
                return value is "queue" or "messageGroup" ? value : throw SqsFaults.InvalidAttribute(name);
            case FifoThroughputLimit when fifo:
                return value is "perQueue" or "perMessageGroupId" ? value : throw SqsFaults.InvalidAttribute(name);
            case RedrivePolicyName:
                return RedrivePolicy.Parse(value)?.ToString();
            case RedriveAllowPolicyName:
                return RedriveAllowPolicy.Parse(value)?.ToString();
            case Policy:
                return value.Length == 0 ? null : ReadPolicy(value) ?? throw SqsFaults.InvalidAttribute(name);
            case KmsMasterKeyId:
                return value.Length == 0 ? null : value;
            default:
                throw SqsFaults.UnknownAttribute(name);
        }
    }

    private static string Boolean(string name, string value) =>
        value.ToLowerInvariant() is "true" or "false" ? value.ToLowerInvariant() : throw SqsFaults.InvalidAttribute(name);

    // As strict as IAM is: a statement that nobody understands would be one that nobody can rely on.
    private static string? ReadPolicy(string value) =>
        PolicyJson.TryObject(value)?.ToJsonString() is { } text && PolicyReader.TryRead(text, PolicyUse.Resource, out _) is not null ? text : null;
}
