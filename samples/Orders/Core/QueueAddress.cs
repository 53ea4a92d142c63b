using Amazon.SQS;

namespace Orders.Core;

/// <summary>A queue given by URL or by plain name. A name is looked up once, on first use, so that start-up needs no network.</summary>
public sealed class QueueAddress(IAmazonSQS sqs, string urlOrName)
{
    private volatile string? url = urlOrName.Contains("://", StringComparison.Ordinal) ? urlOrName : null;

    public async Task<string> GetAsync(CancellationToken stop) =>
        url ??= (await sqs.GetQueueUrlAsync(urlOrName, stop)).QueueUrl;
}

public static class QueueClients
{
    /// <summary>Long polls end before the request times out, and a request times out soon enough to notice a healed link.</summary>
    public const int LongPollSeconds = 10;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(LongPollSeconds + 5);

    /// <summary>Endpoint, region and credentials come from the SDK's own chain: on ECS, AWS_REGION and the task role.</summary>
    public static IAmazonSQS Create() => new AmazonSQSClient(new AmazonSQSConfig
    {
        Timeout = RequestTimeout,
        // Empty is how a filled-in template says "AWS itself"; the SDK would take it for an address.
        IgnoreConfiguredEndpointUrls = Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL") is "",
        MaxErrorRetry = 1, // Callers have their own back-off; stacked retries would only hide a cut for longer.
    });
}

/// <summary>The two queues between the sites, each as URL or name.</summary>
public sealed record QueueNames(string Orders, string Status)
{
    public const string OrdersVariable = "ORDERS_QUEUE_URL";
    public const string StatusVariable = "STATUS_QUEUE_URL";
}
