using System.Globalization;
using Amazon.SQS;
using Amazon.SQS.Model;
using Orders.Core;

namespace Orders.Api;

/// <summary><c>Flow</c> is a hint for people: "flowing", "waiting" (the premises do not take orders) or "unknown".</summary>
internal sealed record QueueView(string Flow, int Waiting, int InFlight);

/// <summary>
/// What the page may say about the queue, from its public attributes alone. The answer is shared by all readers for a second, so
/// any number of open pages cost one call.
/// </summary>
internal sealed class QueueWatch(IAmazonSQS sqs, QueueNames queues, TimeProvider clock) : IDisposable
{
    /// <summary>An order that nobody has processed for this long is waiting, not passing through.</summary>
    public static readonly TimeSpan Passing = TimeSpan.FromSeconds(5);

    private const string Waiting = "ApproximateNumberOfMessages";
    private const string InFlight = "ApproximateNumberOfMessagesNotVisible";

    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskWithin = TimeSpan.FromSeconds(2);

    private readonly QueueAddress queue = new(sqs, queues.Orders);
    private readonly SemaphoreSlim turn = new(1, 1);
    private (long At, int Waiting, int InFlight, bool Known)? last;

    public static string Judge(bool answered, TimeSpan? oldestQueued) =>
        oldestQueued > Passing ? "waiting" : answered ? "flowing" : "unknown";

    public async Task<QueueView> LookAsync(DateTimeOffset? oldestQueuedAt, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            if (last is not { } seen || clock.GetElapsedTime(seen.At) > FreshFor)
            {
                seen = await AskAsync(stop);
                last = seen;
            }

            return new QueueView(Judge(seen.Known, clock.GetUtcNow() - oldestQueuedAt), seen.Waiting, seen.InFlight);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<(long At, int Waiting, int InFlight, bool Known)> AskAsync(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(AskWithin);
        try
        {
            var answer = await sqs.GetQueueAttributesAsync(
                new GetQueueAttributesRequest
                {
                    QueueUrl = await queue.GetAsync(patience.Token),
                    AttributeNames = [Waiting, InFlight],
                },
                patience.Token);
            return (clock.GetTimestamp(), Number(answer, Waiting), Number(answer, InFlight), true);
        }
        catch (Exception e) when (QueueReader.IsQueueFault(e) && !stop.IsCancellationRequested)
        {
            return (clock.GetTimestamp(), 0, 0, false);
        }
    }

    private static int Number(GetQueueAttributesResponse answer, string name) =>
        int.TryParse(answer.Attributes?.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : 0;
}
