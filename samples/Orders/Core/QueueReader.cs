using Amazon.Runtime;
using Amazon.SQS;
using Amazon.SQS.Model;
using Microsoft.Extensions.Logging;

namespace Orders.Core;

/// <summary>
/// Reads one queue until told to stop. A message is deleted only after its handler returned true, so delivery is at least once and
/// handlers must be idempotent. On stop the message in hand is finished, and the rest of its batch is handed back to the queue at
/// once. A queue that does not answer is an ordinary day: the reader backs off, keeps trying, and says so once.
/// </summary>
public sealed partial class QueueReader(IAmazonSQS sqs, QueueAddress queue, string name, TimeProvider clock, ILogger log)
{
    public const int BatchSize = 10;

    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(3);

    private volatile bool reachable = true;

    public bool IsReachable => reachable;

    public async Task RunAsync(Func<Message, Task<bool>> handle, CancellationToken stop)
    {
        var backOff = FirstBackOff;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                string url = await queue.GetAsync(stop);
                var batch = await ReceiveAsync(url, stop);
                Answered();
                await WorkOffAsync(url, batch, handle, stop);
                backOff = FirstBackOff;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsQueueFault(e))
            {
                DidNotAnswer(e);
                await Task.Delay(backOff, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
            }
        }
    }

    /// <summary>True for what a cut link, a missing queue or a refused call looks like through the SDK; anything else is a bug.</summary>
    public static bool IsQueueFault(Exception e) =>
        e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException
            or OperationCanceledException or TimeoutException;

    private async Task<List<Message>> ReceiveAsync(string url, CancellationToken stop)
    {
        var answer = await sqs.ReceiveMessageAsync(
            new ReceiveMessageRequest
            {
                QueueUrl = url,
                MaxNumberOfMessages = BatchSize,
                WaitTimeSeconds = QueueClients.LongPollSeconds,
            },
            stop);
        return answer.Messages ?? [];
    }

    private async Task WorkOffAsync(string url, List<Message> batch, Func<Message, Task<bool>> handle, CancellationToken stop)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            if (stop.IsCancellationRequested)
            {
                await HandBackAsync(url, batch[i..]);
                return;
            }

            if (await handle(batch[i]))
            {
                // Not cancellable: stopping between the work and the delete would make every stop a redelivery.
                await sqs.DeleteMessageAsync(url, batch[i].ReceiptHandle, CancellationToken.None);
            }
        }
    }

    private async Task HandBackAsync(string url, List<Message> rest)
    {
        try
        {
            var entries = rest.Select((message, i) =>
                new ChangeMessageVisibilityBatchRequestEntry($"m{i}", message.ReceiptHandle) { VisibilityTimeout = 0 });
            await sqs.ChangeMessageVisibilityBatchAsync(url, [.. entries], CancellationToken.None);
        }
        catch (Exception e) when (IsQueueFault(e))
        {
            NotHandedBack(rest.Count, name); // They come back by themselves when their visibility timeout ends.
        }
    }

    private void Answered()
    {
        if (!reachable)
        {
            reachable = true;
            Reached(name);
        }
    }

    private void DidNotAnswer(Exception e)
    {
        if (reachable)
        {
            reachable = false;
            Unreachable(name, e.GetType().Name, e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Queue {Queue} does not answer ({Error}: {Detail}); trying until it does")]
    private partial void Unreachable(string queue, string error, string detail);

    [LoggerMessage(2, LogLevel.Information, "Queue {Queue} answers again")]
    private partial void Reached(string queue);

    [LoggerMessage(3, LogLevel.Information, "{Count} messages of {Queue} were not handed back; they return after their visibility timeout")]
    private partial void NotHandedBack(int count, string queue);
}
