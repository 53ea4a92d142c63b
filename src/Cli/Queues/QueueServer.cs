using System.Globalization;
using Longspan.Api.LongspanQueues;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Cli.Embedded;
using Longspan.Wire.Client;

namespace Longspan.Cli.Queues;

/// <summary>The server that a queue command talks to, through its public API and the extension beside it.</summary>
/// <param name="source">Where the endpoint was found.</param>
internal sealed class QueueServer(Uri endpoint, string source, QueueKeys keys, string region) : IDisposable
{
    /// <summary>Calls at the same time when many queues are looked at.</summary>
    public const int Concurrency = 16;
    private const int MaximumQueues = 100_000;
    private const int PageSize = 1000;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = Concurrency, UseProxy = false, AllowAutoRedirect = false })
    {
        Timeout = CallLimit,
    };

    private AwsClient? _client;

    public Uri Endpoint { get; } = endpoint;
    public string Source { get; } = source;
    public QueueKeys Keys { get; } = keys;
    public string Region { get; } = region;
    private AwsClient Client => _client ??= new AwsClient(_http, Endpoint, Region, _ => new(Keys.Credentials), TimeProvider.System);

    public Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => Client.CallAsync(operation, request, stop);

    /// <summary>The queue's URL as the server spells it, from a name or any URL of the queue.</summary>
    public async Task<string> UrlOfAsync(string queue, CancellationToken stop)
    {
        try
        {
            // A URL is passed on: the server looks at its path only, as it does for every client.
            return queue.Contains('/', StringComparison.Ordinal)
                ? await CheckedAsync(queue, stop)
                : (await CallAsync(SqsOperations.GetQueueUrl, new() { QueueName = queue }, stop)).QueueUrl!;
        }
        catch (AwsError missing) when (missing.Code is "QueueDoesNotExist" or "AWS.SimpleQueueService.NonExistentQueue")
        {
            throw await UnknownAsync(NameOf(queue), stop);
        }
    }

    public async Task<Dictionary<string, string>> AttributesAsync(string url, CancellationToken stop) =>
        (await CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["All"] }, stop)).Attributes ?? [];

    public async Task<List<string>> UrlsAsync(string? prefix, CancellationToken stop)
    {
        var urls = new List<string>();
        string? token = null;
        do
        {
            var page = await CallAsync(SqsOperations.ListQueues, new() { QueueNamePrefix = prefix, MaxResults = PageSize, NextToken = token }, stop);
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

    public async Task<long?> OldestAgeAsync(string url, CancellationToken stop) =>
        (await CallAsync(LongspanQueuesOperations.PeekMessages, new() { QueueUrl = url, MaxNumberOfMessages = 0 }, stop)).ApproximateAgeOfOldestMessage;

    public static string NameOf(string queue) => queue.TrimEnd('/').Split('/')[^1];

    public static long Count(Dictionary<string, string> attributes, string name) => long.Parse(attributes.GetValueOrDefault(name) ?? "0", CultureInfo.InvariantCulture);

    public void Dispose() => _http.Dispose();

    private async Task<string> CheckedAsync(string url, CancellationToken stop)
    {
        await CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["QueueArn"] }, stop);
        return url;
    }

    private async Task<CommandFailure> UnknownAsync(string name, CancellationToken stop)
    {
        var near = NearNames.Of(name, (await UrlsAsync(null, stop)).Select(NameOf));
        return new CommandFailure(
            $"There is no queue '{PrintableText.Line(name, 100)}' in {Region} at {Endpoint}.",
            near.Count > 0 ? $"Did you mean {string.Join(", ", near)}?" : "'longspan queue list' shows all queues.");
    }
}
