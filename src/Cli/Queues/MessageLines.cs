using System.Globalization;
using System.Text;
using Longspan.Api.LongspanQueues;
using Longspan.Cli.Output;

namespace Longspan.Cli.Queues;

/// <summary>Messages as people read them. Everything that a sender wrote goes through <see cref="PrintableText"/>.</summary>
internal static class MessageLines
{
    private const int ShownBody = 160;
    private const int ShownAttribute = 60;

    /// <summary>The queue and its counts.</summary>
    public static string Head(string name, Dictionary<string, string> attributes) =>
        $"{name}: {QueueCalls.Count(attributes, "ApproximateNumberOfMessages")} visible, "
        + $"{QueueCalls.Count(attributes, "ApproximateNumberOfMessagesNotVisible")} in flight, {QueueCalls.Count(attributes, "ApproximateNumberOfMessagesDelayed")} delayed";

    public static long Total(Dictionary<string, string> attributes) =>
        QueueCalls.Count(attributes, "ApproximateNumberOfMessages") + QueueCalls.Count(attributes, "ApproximateNumberOfMessagesNotVisible")
        + QueueCalls.Count(attributes, "ApproximateNumberOfMessagesDelayed");

    public static string Messages(long count) => count == 1 ? "1 message" : $"{count} messages";

    /// <summary>A message that waits in its queue, on two or three lines.</summary>
    public static IEnumerable<string> Block(PeekedMessage message, long now)
    {
        var sent = Number(message, "SentTimestamp");
        var state = message.VisibleTimestamp is { } visible ? $"{message.State}, visible in {PrintableText.Age((visible - now) / 1000)}" : message.State;
        var received = Number(message, "ApproximateReceiveCount");
        yield return $"{message.MessageId}  {state}  sent {PrintableText.Time(sent)} ({PrintableText.Age((now - sent) / 1000)} ago)  received {received}×{Tags(message)}";
        if (message.MessageAttributes is { Count: > 0 } attributes)
        {
            yield return "  " + string.Join("  ", attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a =>
                $"{PrintableText.Line(a.Key, ShownAttribute)}={Value(a.Value)}"));
        }
        yield return "  " + Body(message);
    }

    /// <summary>A message that has just been sent, on one line.</summary>
    public static string One(PeekedMessage message) =>
        $"{PrintableText.Time(Number(message, "SentTimestamp"))}  {message.MessageId}{(message.State == "delayed" ? "  delayed" : "")}{Tags(message)}  {Body(message)}";

    private static string Body(PeekedMessage message)
    {
        if (message.Body is not { } body)
        {
            return "(cannot be opened: its key is missing, or it is damaged)";
        }
        var line = PrintableText.Line(body, ShownBody);
        return line.EndsWith('…') ? $"{line} ({Encoding.UTF8.GetByteCount(body).ToString(CultureInfo.InvariantCulture)} bytes)" : line;
    }

    private static string Tags(PeekedMessage message)
    {
        var group = message.Attributes?.GetValueOrDefault("MessageGroupId");
        var source = message.Attributes?.GetValueOrDefault("DeadLetterQueueSourceArn");
        return (group is null ? "" : $"  group {PrintableText.Line(group, ShownAttribute)}") + (source is null ? "" : $"  from {PrintableText.Line(source.Split(':')[^1], ShownAttribute)}");
    }

    private static string Value(MessageAttributeValue value) =>
        value.BinaryValue is { } bytes ? $"({bytes.Length} bytes)" : PrintableText.Line(value.StringValue ?? "", ShownAttribute);

    private static long Number(PeekedMessage message, string attribute) =>
        long.TryParse(message.Attributes?.GetValueOrDefault(attribute), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
