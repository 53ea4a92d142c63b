using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs.Operations;

internal static class CreateQueue
{
    public static async ValueTask<CreateQueueResult> HandleAsync(SqsContext cx, CreateQueueRequest request, CancellationToken stop)
    {
        var wanted = request.Attributes ?? [];
        var fifo = wanted.GetValueOrDefault(QueueAttributes.FifoQueue) == "true";
        QueueName.Check(request.QueueName, fifo);
        var name = request.QueueName!;
        var attributes = QueueAttributes.Merge(new Dictionary<string, string>(), await QueuePolicy.BoundAsync(cx, wanted, stop), fifo);
        var tags = QueueTags.Merge(new Dictionary<string, string>(), request.Tags, name);
        RedriveRules.Check(cx, attributes, cx.Call.Arn("sqs", name), fifo);

        var (queue, created) = await cx.Queues.CreateAsync(cx.Call, name, attributes, tags, stop);
        if (!created)
        {
            CheckSame(queue, attributes, wanted.Keys);
        }
        return new CreateQueueResult { QueueUrl = cx.UrlOf(queue) };
    }

    /// <summary>Creating a queue again is fine as long as every attribute that the caller names has the value that the queue has.</summary>
    private static void CheckSame(QueueSnapshot queue, Dictionary<string, string> wanted, IEnumerable<string> named)
    {
        var defaults = QueueAttributes.Defaults(queue.Fifo).ToDictionary(StringComparer.Ordinal);
        foreach (var name in named)
        {
            var present = queue.Document.Value.Attributes.GetValueOrDefault(name) ?? defaults.GetValueOrDefault(name);
            var asked = wanted.GetValueOrDefault(name) ?? defaults.GetValueOrDefault(name);
            if (present != asked)
            {
                throw new QueueNameExists($"A queue already exists with the same name and a different value for attribute {name}");
            }
        }
    }
}
