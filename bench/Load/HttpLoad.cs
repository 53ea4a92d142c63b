using System.Diagnostics;
using Longspan.Api.Sqs;
using Longspan.Node.Identity;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Load;

/// <summary>Drives a running server with signed requests, decoded answers and the SDK's shapes: what a user's program costs, and the server with it.</summary>
internal static class HttpLoad
{
    private const string Region = "us-east-1";

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var keys = ReadKeys(arguments.Text("credentials", ""));
        var endpoint = new Uri(arguments.Text("endpoint", "http://127.0.0.1:4566"));
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 20_000, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(2) };
        var client = new AwsClient(http, endpoint, Region, _ => ValueTask.FromResult(keys), TimeProvider.System);
        var urls = new string[arguments.Queues];
        for (var i = 0; i < urls.Length; i++)
        {
            urls[i] = await CreateAsync(client, i, arguments.Fifo);
        }
        if (arguments.Backlog > 0)
        {
            await FillAsync(client, urls[0], arguments);
        }
        switch (arguments.Text("measure", "cycle"))
        {
            case "cycle":
                await CyclesAsync(client, urls, arguments);
                break;
            case "single":
                await SinglesAsync(client, urls, arguments);
                break;
            case "polls":
                await PollsAsync(client, urls, arguments);
                break;
        }
        return 0;
    }

    private static async Task CyclesAsync(AwsClient client, string[] urls, Arguments arguments)
    {
        var (sends, receives, deletes) = (new Latencies(), new Latencies(), new Latencies());
        var pid = arguments.Number("pid", 0);
        var (ours, servers) = (Cpu(Environment.ProcessId), Cpu(pid));
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, arguments.Workers).Select(worker => Task.Run(async () =>
        {
            var url = urls[worker % urls.Length];
            var done = 0L;
            while (watch.Elapsed < arguments.Length)
            {
                await TimeAsync(watch, sends, () => client.CallAsync(SqsOperations.SendMessageBatch, Batch(url, worker, arguments), default));
                var got = await TimeAsync(watch, receives, () => client.CallAsync(
                    SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 10 }, default));
                if (got.Messages is { Count: > 0 } messages)
                {
                    await TimeAsync(watch, deletes, () => client.CallAsync(SqsOperations.DeleteMessageBatch, Deletes(url, messages), default));
                    done += messages.Count;
                }
            }
            return done;
        })));
        Console.WriteLine($"{counts.Sum() / watch.Elapsed.TotalSeconds:F0} messages/s sent, received and deleted");
        Console.WriteLine($"processor per message: client {(Cpu(Environment.ProcessId) - ours).TotalMicroseconds / counts.Sum():F1} us, "
            + $"server {(Cpu(pid) - servers).TotalMicroseconds / counts.Sum():F1} us; server at {Memory(pid)} MB");
        Console.WriteLine($"send of ten: {sends.Summary()}\nreceive of ten: {receives.Summary()}\ndelete of ten: {deletes.Summary()}");
    }

    /// <summary>Single sends, as fast as they go or at a steady rate; at a rate a call's time counts from when it was due.</summary>
    private static async Task SinglesAsync(AwsClient client, string[] urls, Arguments arguments)
    {
        var body = new string('x', arguments.Body);
        var rate = arguments.Number("rate", 0);
        var times = new Latencies();
        var pid = arguments.Number("pid", 0);
        var (ours, servers) = (Cpu(Environment.ProcessId), Cpu(pid));
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, arguments.Workers).Select(worker => Task.Run(async () =>
        {
            var url = urls[worker % urls.Length];
            for (var n = 0; watch.Elapsed < arguments.Length; n++)
            {
                var due = rate == 0 ? watch.Elapsed : TimeSpan.FromSeconds((n + ((double)worker / arguments.Workers)) * arguments.Workers / rate);
                if (due > watch.Elapsed)
                {
                    await Task.Delay(due - watch.Elapsed);
                }
                await client.CallAsync(SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = url, MessageBody = body }, default);
                times.Add(watch.Elapsed - due);
            }
        })));
        Console.WriteLine($"{times.Count / watch.Elapsed.TotalSeconds:F0} single sends/s; {times.Summary()}");
        Console.WriteLine($"processor per message: client {(Cpu(Environment.ProcessId) - ours).TotalMicroseconds / times.Count:F1} us, "
            + $"server {(Cpu(pid) - servers).TotalMicroseconds / times.Count:F1} us");
    }

    /// <summary>Many idle long polls, each on its own connection; then messages one by one, and how soon a poll has each.</summary>
    private static async Task PollsAsync(AwsClient client, string[] urls, Arguments arguments)
    {
        var server = arguments.Number("pid", 0);
        var arrived = new Latencies();
        var watch = Stopwatch.StartNew();
        var idle = TimeSpan.FromSeconds(arguments.Number("idle", 30));
        var polls = Enumerable.Range(0, arguments.Number("polls", 10_000)).Select(n => Task.Run(async () =>
        {
            // Spread over the wait, as polls of independent clients are.
            await Task.Delay(TimeSpan.FromSeconds(20.0 * n / arguments.Number("polls", 10_000)));
            while (watch.Elapsed < idle + TimeSpan.FromSeconds(30))
            {
                var got = await client.CallAsync(
                    SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = urls[n % urls.Length], WaitTimeSeconds = 20 }, default);
                if (got.Messages is [var message, ..])
                {
                    arrived.Add(watch.Elapsed - TimeSpan.FromTicks(long.Parse(message.Body!)));
                }
            }
        })).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(20));
        var (from, started) = (Cpu(server), watch.Elapsed);
        await Task.Delay(idle - TimeSpan.FromSeconds(10));
        Console.WriteLine($"idle: {(Cpu(server) - from) / (watch.Elapsed - started) * 100:F1} % of a core, {Memory(server)} MB resident");
        for (var n = 0; n < 500; n++)
        {
            await client.CallAsync(
                SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = urls[n % urls.Length], MessageBody = $"{watch.Elapsed.Ticks}" }, default);
            await Task.Delay(20);
        }
        Console.WriteLine($"wake after the send began: {arrived.Summary()}");
        _ = polls;
    }

    private static async Task FillAsync(AwsClient client, string url, Arguments arguments)
    {
        var left = arguments.Backlog;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, arguments.Workers).Select(worker => Task.Run(async () =>
        {
            while (Interlocked.Add(ref left, -10) >= 0)
            {
                await client.CallAsync(SqsOperations.SendMessageBatch, Batch(url, worker, arguments), default);
            }
        })));
        Console.WriteLine($"backlog of {arguments.Backlog}: {arguments.Backlog / watch.Elapsed.TotalSeconds:F0} messages/s, server at {Memory(arguments.Number("pid", 0))} MB");
    }

    private static async Task<T> TimeAsync<T>(Stopwatch watch, Latencies times, Func<Task<T>> call)
    {
        var start = watch.Elapsed;
        var answer = await call();
        times.Add(watch.Elapsed - start);
        return answer;
    }

    private static async Task<string> CreateAsync(AwsClient client, int number, bool fifo) =>
        (await client.CallAsync(SqsOperations.CreateQueue, new CreateQueueRequest
        {
            QueueName = $"load-{Environment.ProcessId}-{number}{(fifo ? ".fifo" : "")}",
            Attributes = fifo ? new() { ["FifoQueue"] = "true", ["ContentBasedDeduplication"] = "false" } : null,
        }, default)).QueueUrl!;

    private static SendMessageBatchRequest Batch(string url, int worker, Arguments arguments) => new()
    {
        QueueUrl = url,
        Entries =
        [
            .. Enumerable.Range(0, 10).Select(i => new SendMessageBatchRequestEntry
            {
                Id = $"e{i}",
                MessageBody = new string('x', arguments.Body),
                MessageGroupId = arguments.Fifo ? $"g{worker}-{i}" : null,
                MessageDeduplicationId = arguments.Fifo ? Guid.CreateVersion7().ToString() : null,
            }),
        ],
    };

    internal static DeleteMessageBatchRequest Deletes(string url, List<Message> messages) => new()
    {
        QueueUrl = url,
        Entries = [.. messages.Select((m, i) => new DeleteMessageBatchRequestEntry { Id = $"e{i}", ReceiptHandle = m.ReceiptHandle })],
    };

    private static TimeSpan Cpu(int pid) => pid == 0 ? TimeSpan.Zero : Process.GetProcessById(pid).TotalProcessorTime;

    private static long Memory(int pid) => pid == 0 ? 0 : Process.GetProcessById(pid).WorkingSet64 / 1_000_000;

    internal static AwsCredentials ReadKeys(string path) => new KeysFile(path, "default").Read();
}
