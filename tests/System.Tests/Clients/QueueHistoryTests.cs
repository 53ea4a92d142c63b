using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Support.History;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>
/// Producers and consumers on the real server through signed HTTP, the server killed again and again: the whole path with its queue documents, receipt
/// handles and dead letters. The store beneath it is killed a hundred times in <c>MessageKillTests</c>.
/// </summary>
public sealed class QueueHistoryTests
{
    private const int AnswersPerRound = 250;

    [Fact]
    public async Task Ten_kills_of_the_server_break_no_promise_of_its_queues()
    {
        var kills = Setting("LONGSPAN_SERVER_KILLS", 10);
        var seed = Setting("LONGSPAN_SEED", RandomNumberGenerator.GetInt32(int.MaxValue));
        await using var server = await ServerProcess.StartAsync();
        var events = new ConcurrentQueue<HistoryEvent>();
        var recorder = new HistoryRecorder(events.Enqueue, 0);
        foreach (var (queue, attributes) in QueueWorker.Queues)
        {
            await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = queue.Name, Attributes = attributes }, CancellationToken.None);
        }
        using var stop = new CancellationTokenSource();
        var random = new Random(seed);
        QueueWorker Worker(HistoryQueue queue, string name) => new(server, recorder, queue, new Random(random.Next()), name);
        var workers = QueueWorker.Queues.Select(q => q.Queue).SelectMany((queue, i) => (Task[])
        [
            .. queue.Name.Contains("dead", StringComparison.Ordinal) ? (Task[])[] : [Worker(queue, $"p{i}").ProduceAsync(stop.Token), Worker(queue, $"q{i}").ProduceAsync(stop.Token)],
            Worker(queue, $"c{i}").ConsumeAsync(stop.Token), Worker(queue, $"d{i}").ConsumeAsync(stop.Token),
        ]).ToList();
        for (var round = 0; round < kills; round++)
        {
            var enough = events.Count + random.Next(AnswersPerRound, 3 * AnswersPerRound);
            await Until.TrueAsync("enough has happened", () => Task.FromResult(events.Count >= enough || workers.Exists(w => w.IsCompleted)));
            Assert.DoesNotContain(workers, w => w.IsCompleted);
            await server.Process.KillAsync();
            await server.StartAgainAsync();
        }
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        await Until.TrueAsync("all queues are empty", () => Worker(QueueWorker.Queues[0].Queue, "drain").DrainAllAsync());
        var violations = HistoryChecker.Check([.. events], [.. QueueWorker.Queues.Select(q => q.Queue)]);
        if (violations.Count > 0)
        {
            var file = Path.Combine(Path.GetTempPath(), $"longspan-history-{seed}.txt");
            await File.WriteAllLinesAsync(file, events.Select(e => e.Encode()));
            Assert.Fail($"{violations.Count} broken promises; LONGSPAN_SEED={seed}, history in {file}\n{string.Join('\n', violations.Take(20))}");
        }
        Assert.True(events.Count(e => e is { IsCall: false, Kind: HistoryEvent.Delete }) > 10 * kills, "So few deletes were answered that the kills proved little.");
    }

    [Fact]
    public async Task A_move_task_goes_on_after_a_kill_and_moves_each_letter_once()
    {
        const int Letters = 60;
        await using var server = await ServerProcess.StartAsync();
        var dead = (await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "dead" }, default)).QueueUrl!;
        var arn = await AttributeAsync(server, dead, "QueueArn");
        var source = (await server.Client.CallAsync(SqsOperations.CreateQueue, new()
        {
            QueueName = "source", Attributes = new() { ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":1}""" },
        }, default)).QueueUrl!;
        for (var i = 0; i < Letters; i++)
        {
            await server.Client.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = source, MessageBody = $"letter {i}" }, default);
        }
        await Until.TrueAsync("all are dead letters", async () =>
        {
            await server.Client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = source, MaxNumberOfMessages = 10, VisibilityTimeout = 0 }, default);
            return await CountAsync(server, dead) == Letters;
        });
        await server.Client.CallAsync(SqsOperations.StartMessageMoveTask, new() { SourceArn = arn, MaxNumberOfMessagesPerSecond = 10 }, default);
        for (var kill = 1; kill <= 2; kill++)
        {
            var fewer = Letters - (kill * 10);
            await Until.TrueAsync("some are moved", async () => await CountAsync(server, dead) <= fewer);
            Assert.True(await CountAsync(server, dead) > 0, "The task was done before it could be interrupted.");
            await server.Process.KillAsync();
            await server.StartAgainAsync();
        }
        await Until.TrueAsync("the task is done", async () =>
            (await server.Client.CallAsync(SqsOperations.ListMessageMoveTasks, new() { SourceArn = arn }, default)).Results![0].Status == "COMPLETED");
        Assert.Equal(0, await CountAsync(server, dead));
        var bodies = new List<string>();
        while ((await server.Client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = source, MaxNumberOfMessages = 10, VisibilityTimeout = 600 }, default))
            .Messages is { Count: > 0 } batch)
        {
            bodies.AddRange(batch.Select(m => m.Body!));
        }
        Assert.Equal(Enumerable.Range(0, Letters).Select(i => $"letter {i}").Order(StringComparer.Ordinal), bodies.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_damaged_file_is_named_at_the_start_with_what_to_do()
    {
        await using var server = await ServerProcess.StartAsync();
        var url = (await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "orders" }, default)).QueueUrl!;
        for (var i = 0; i < 20; i++)
        {
            await server.Client.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = url, MessageBody = $"{i} {new string('x', 3_000)}" }, default);
        }
        Assert.Equal(0, await server.Process.StopAsync());
        // A message's page: the server goes on with the rest and says what is lost.
        var messages = Path.Combine(server.Data, "messages", "messages.db");
        Overwrite(messages, new FileInfo(messages).Length - 4_096);
        await server.StartAgainAsync();
        await Until.TrueAsync("the queue is empty", async () =>
        {
            try
            {
                return (await server.Client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = url, MaxNumberOfMessages = 10 }, default)).Messages is not { Count: > 0 };
            }
            catch (AwsError refused) when (refused.HttpStatus == 503)
            {
                return false;
            }
        });
        await server.Process.SaysAsync("was damaged");
        Assert.Contains(Path.GetDirectoryName(messages)!, server.Process.Said, StringComparison.Ordinal);
        Assert.Contains("are lost", server.Process.Said, StringComparison.Ordinal);
        Assert.Equal(0, await server.Process.StopAsync());
        // The documents are what everything hangs on: the server does not guess.
        Overwrite(Path.Combine(server.Data, "documents.db"), 0);
        await using var refusing = OwnProcess.Start("server", "--data", server.Data, "--port", "0");
        Assert.Equal(1, await refusing.EndsAsync());
        Assert.Contains(Path.Combine(server.Data, "documents.db"), refusing.Said, StringComparison.Ordinal);
        Assert.Contains("backup", refusing.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refusing.Said, StringComparison.Ordinal);
    }

    private static void Overwrite(string path, long at)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var garbage = new byte[4_096];
        new Random(1).NextBytes(garbage);
        RandomAccess.Write(file, garbage, at);
    }

    private static async Task<string> AttributeAsync(ServerProcess server, string url, string name) =>
        (await server.Client.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = [name] }, default)).Attributes![name];

    private static async Task<int> CountAsync(ServerProcess server, string url) =>
        int.Parse(await AttributeAsync(server, url, "ApproximateNumberOfMessages"), CultureInfo.InvariantCulture);

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
