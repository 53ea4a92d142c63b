using System.Globalization;
using Longspan.Api.LongspanQueues;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;

namespace Longspan.Cli.Queues;

/// <summary>What the queue commands ask of their server.</summary>
internal static class QueueCalls
{
    private const int MaximumQueues = 100_000;
    private const int PageSize = 1000;

    /// <summary>The queue's URL as the server spells it, from a name or any URL of the queue.</summary>
    public static async Task<string> UrlOfAsync(this ServerConnection server, string queue, CancellationToken stop)
    {
        try
        {
            // A URL is passed on: the server looks at its path only, as it does for every client.
            return queue.Contains('/', StringComparison.Ordinal)
                ? await CheckedAsync(server, queue, stop)
                : (await server.CallAsync(SqsOperations.GetQueueUrl, new() { QueueName = queue }, stop)).QueueUrl!;
        }
        catch (AwsError missing) when (missing.Code is "QueueDoesNotExist" or "AWS.SimpleQueueService.NonExistentQueue")
        {
            throw await UnknownAsync(server, NameOf(queue), stop);
        }
    }

    public static async Task<Dictionary<string, string>> AttributesAsync(this ServerConnection server, string url, CancellationToken stop) =>
        (await server.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["All"] }, stop)).Attributes ?? [];

    public static async Task<List<string>> UrlsAsync(this ServerConnection server, string? prefix, CancellationToken stop)
    {
        var urls = new List<string>();
        string? token = null;
        do
        {
            var page = await server.CallAsync(SqsOperations.ListQueues, new() { QueueNamePrefix = prefix, MaxResults = PageSize, NextToken = token }, stop);
            urls.AddRange(page.QueueUrls ?? []);
            token = page.NextToken;
            if (urls.Count > MaximumQueues)
            {
                throw new CommandFailure($"There are more than {MaximumQueues} queues.", "Look at a part of them with --prefix.");
            }
        }
        while (token is not null);
        return urls;
    }

    public static async Task<long?> OldestAgeAsync(this ServerConnection server, string url, CancellationToken stop) =>
        (await server.CallAsync(LongspanQueuesOperations.PeekMessages, new() { QueueUrl = url, MaxNumberOfMessages = 0 }, stop)).ApproximateAgeOfOldestMessage;

    public static string NameOf(string queue) => queue.TrimEnd('/').Split('/')[^1];

    public static long Count(Dictionary<string, string> attributes, string name) => long.Parse(attributes.GetValueOrDefault(name) ?? "0", CultureInfo.InvariantCulture);

    private static async Task<string> CheckedAsync(ServerConnection server, string url, CancellationToken stop)
    {
        await server.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["QueueArn"] }, stop);
        return url;
    }

    private static async Task<CommandFailure> UnknownAsync(ServerConnection server, string name, CancellationToken stop)
    {
        var near = NearNames.Of(name, (await server.UrlsAsync(null, stop)).Select(NameOf));
        return new CommandFailure(
            $"There is no queue '{PrintableText.Line(name, 100)}' in {server.Region} at {server.Endpoint}.",
            near.Count > 0 ? $"Did you mean {string.Join(", ", near)}?" : "'longspan queue list' shows all queues.");
    }
}
