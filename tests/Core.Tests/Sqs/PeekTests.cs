using Longspan.Api.LongspanQueues;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>Looking at messages without receiving them. The order over window and cold store is held against the model in <see cref="ModelRun"/>.</summary>
public sealed class PeekTests
{
    [Fact]
    public async Task ShowsEveryStateAndChangesNothing()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        await sqs.SendAsync(url, "taken");
        await sqs.SendAsync(url, "waiting");
        await sqs.SendAsync(url, "later", delay: 60);
        Assert.Equal("taken", Assert.Single(await sqs.ReceiveAsync(url, maximum: 1, visibility: 100)).Body);
        sqs.Clock.Advance(TimeSpan.FromSeconds(5));

        for (var i = 0; i < 3; i++)
        {
            var page = await PeekAsync(sqs, url);
            Assert.Null(page.Next);
            Assert.Equal(5, page.ApproximateAgeOfOldestMessage);
            Assert.Equal(["taken in-flight 1", "waiting visible 0", "later delayed 0"], page.Messages!.Select(Brief));
            var now = sqs.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            Assert.Equal([now + 95_000, null, now + 55_000], page.Messages!.Select(m => m.VisibleTimestamp));
            Assert.Equal((1, 1, 1), await sqs.DepthAsync(url));
        }
        var received = Assert.Single(await sqs.ReceiveAsync(url));
        Assert.Equal(("waiting", "1"), (received.Body, received.Attributes!["ApproximateReceiveCount"]));
    }

    [Fact]
    public async Task ShowsAttributesAndNoHandle()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        await sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url, MessageBody = "body", MessageGroupId = "tenant",
            MessageAttributes = new()
            {
                ["kind"] = new() { DataType = "String", StringValue = "order" },
                ["raw"] = new() { DataType = "Binary", BinaryValue = new byte[] { 1, 2 } },
            },
        });
        var message = Assert.Single((await PeekAsync(sqs, url)).Messages!);
        Assert.Equal("order", message.MessageAttributes!["kind"].StringValue);
        Assert.Equal([1, 2], message.MessageAttributes["raw"].BinaryValue!.Value.ToArray());
        Assert.Equal("tenant", message.Attributes!["MessageGroupId"]);
        Assert.DoesNotContain("ApproximateFirstReceiveTimestamp", message.Attributes.Keys);
        Assert.DoesNotContain(message.Schema.Members, m => m.Name.Contains("Handle", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AFifoQueueShowsItsGroupsInTheOrderOfSendingAndKeepsThemOpen()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q.fifo", ("FifoQueue", "true"));
        foreach (var (group, body) in ((string, string)[])[("a", "a1"), ("b", "b1"), ("a", "a2")])
        {
            await sqs.SendAsync(url, body, group, body);
        }
        var page = await PeekAsync(sqs, url);
        Assert.Equal(["a1", "b1", "a2"], page.Messages!.Select(m => m.Body));
        Assert.Equal(page.Messages!.Select(m => m.Attributes!["SequenceNumber"]).Order(StringComparer.Ordinal), page.Messages!.Select(m => m.Attributes!["SequenceNumber"]));
        Assert.Equal(["a1", "a2", "b1"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
    }

    [Fact]
    public async Task DeletedPurgedAndExpiredMessagesAreNotSeen()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q", ("MessageRetentionPeriod", "60"));
        await sqs.SendAsync(url, "deleted");
        await sqs.DeleteAsync(url, (await sqs.ReceiveAsync(url))[0].ReceiptHandle!);
        await sqs.SendAsync(url, "kept");
        Assert.Equal(["kept"], (await PeekAsync(sqs, url)).Messages!.Select(m => m.Body));
        sqs.Clock.Advance(TimeSpan.FromSeconds(61));
        var expired = await PeekAsync(sqs, url);
        Assert.Empty(expired.Messages!);
        Assert.Null(expired.ApproximateAgeOfOldestMessage);
        await sqs.SendAsync(url, "purged");
        await sqs.Do(SqsOperations.PurgeQueue, new PurgeQueueRequest { QueueUrl = url });
        Assert.Empty((await PeekAsync(sqs, url)).Messages!);
    }

    [Fact]
    public async Task PagesFollowOneAnotherWithinTheirBounds()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        for (var i = 0; i < 7; i++)
        {
            await sqs.SendAsync(url, $"{i}");
        }
        var first = await PeekAsync(sqs, url, maximum: 3);
        var second = await PeekAsync(sqs, url, maximum: 3, after: first.Next);
        var third = await PeekAsync(sqs, url, maximum: 3, after: second.Next);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], ((PeekMessagesResult[])[first, second, third]).SelectMany(p => p.Messages!).Select(m => m.Body));
        Assert.Null(third.Next);
        Assert.Null(second.ApproximateAgeOfOldestMessage);

        var ageOnly = await PeekAsync(sqs, url, maximum: 0);
        Assert.Null(ageOnly.Messages);
        Assert.Equal(0, ageOnly.ApproximateAgeOfOldestMessage);
        Assert.Equal("InvalidParameterValueException", (await Assert.ThrowsAsync<AwsError>(() => PeekAsync(sqs, url, maximum: 101))).Code);
        Assert.Equal("InvalidParameterValueException", (await Assert.ThrowsAsync<AwsError>(() => PeekAsync(sqs, url, after: "-1"))).Code);
        Assert.Equal("QueueDoesNotExist", (await Assert.ThrowsAsync<QueueDoesNotExist>(() => PeekAsync(sqs, "nothing"))).Code);
    }

    [Fact]
    public async Task APageOfLargeMessagesIsCutByBytes()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        for (var i = 0; i < 6; i++)
        {
            await sqs.SendAsync(url, new string('x', 1_000_000));
        }
        var first = await PeekAsync(sqs, url, maximum: 100);
        Assert.InRange(first.Messages!.Count, 1, 4);
        var rest = await PeekAsync(sqs, url, maximum: 100, after: first.Next);
        Assert.Equal(6, first.Messages.Count + rest.Messages!.Count);
    }

    [Fact]
    public async Task AWatcherSeesWhatWasReceivedAndDeletedBetweenItsLooks()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        await sqs.SendAsync(url, "before");
        var position = await WatchAsync(sqs, url, null);
        Assert.Empty(position.Messages!);
        await sqs.SendAsync(url, "one");
        await sqs.SendAsync(url, "two", delay: 30);
        foreach (var message in await sqs.ReceiveAsync(url))
        {
            await sqs.DeleteAsync(url, message.ReceiptHandle!);
        }
        var seen = await WatchAsync(sqs, url, position.After);
        Assert.Equal(["one visible 0", "two delayed 0"], seen.Messages!.Select(Brief));
        Assert.Equal((0L, false), (seen.Missed, seen.Interrupted));
        Assert.Empty((await WatchAsync(sqs, url, seen.After)).Messages!);
        // A second watcher with an older position sees the same.
        Assert.Equal(2, (await WatchAsync(sqs, url, position.After)).Messages!.Count);
    }

    [Fact]
    public async Task WhatAWatcherIsTooSlowForIsCounted()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        var position = await WatchAsync(sqs, url, null);
        for (var i = 0; i < 7; i++)
        {
            await sqs.SendAsync(url, $"{i}" + new string('x', 900_000));
        }
        var seen = await WatchAsync(sqs, url, position.After);
        Assert.Equal(7, seen.Messages!.Count + seen.Missed);
        Assert.InRange(seen.Missed!.Value, 1, 6);
        Assert.Equal('6', seen.Messages[^1].Body![0]);
    }

    [Fact]
    public async Task ListeningEndsWhenNobodyAsksAndARestartIsTold()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("q");
        var position = await WatchAsync(sqs, url, null);
        await sqs.SendAsync(url, "kept");
        sqs.Clock.Advance(TimeSpan.FromSeconds(31));
        await sqs.SendAsync(url, "not kept");
        Assert.True((await WatchAsync(sqs, url, position.After)).Interrupted);

        position = await WatchAsync(sqs, url, null);
        await sqs.SendAsync(url, "before the restart");
        await sqs.RestartAsync();
        Assert.True((await WatchAsync(sqs, url, position.After)).Interrupted);
    }

    [Fact]
    public async Task OnlyAFewQueuesAreWatchedAtOnce()
    {
        await using var sqs = await SqsFixture.StartAsync();
        for (var i = 0; i < 8; i++)
        {
            await WatchAsync(sqs, await sqs.CreateAsync($"q{i}"), null);
        }
        var one = await sqs.CreateAsync("one-more");
        Assert.Equal("OverLimit", (await Assert.ThrowsAsync<OverLimit>(() => WatchAsync(sqs, one, null))).Code);
        sqs.Clock.Advance(TimeSpan.FromSeconds(31));
        await WatchAsync(sqs, one, null);
    }

    /// <summary>Peeks while producers, consumers and checkpoints move messages between window and cold store: what is certain is always seen.</summary>
    [Fact]
    public async Task UnderLoadStandingMessagesAreAlwaysSeenAndDeletedOnesNever()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-peek-");
        var settings = new SqliteMessageSettings { CheckpointBytes = 4_000, WindowBytes = 2_000, LowWater = 5, PageSize = 10, MinimumShare = 500 };
        await using (var store = SqliteMessageBackend.Open(folder.FullName, new ManualClock(), settings))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            var standing = new List<long>();
            for (var i = 0; i < 20; i++)
            {
                standing.AddRange((await store.SendAsync(1, [.. Enumerable.Range(0, 10).Select(n => MessageBackendTests.Numbered(n, null))], default)).Select(s => s.Sequence));
            }
            // They stay: in flight, so that no consumer below gets them.
            for (var taken = 0; taken < standing.Count;)
            {
                taken += (await store.ReceiveAsync(1, new ReceiveOrder(10, TimeSpan.FromHours(1), TimeSpan.FromSeconds(5)), default)).Messages.Count;
            }
            var deleted = new System.Collections.Concurrent.ConcurrentDictionary<long, bool>();
            using var enough = new CancellationTokenSource();
            var churn = Task.Run(async () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    await store.SendAsync(1, [.. Enumerable.Range(0, 10).Select(n => MessageBackendTests.Numbered(n, null))], default);
                    var got = (await store.ReceiveAsync(1, new ReceiveOrder(9, TimeSpan.FromHours(1), TimeSpan.Zero), default)).Messages;
                    await store.DeleteAsync(1, [.. got.Select(m => m.Receipt)], default);
                    got.ToList().ForEach(m => deleted[m.Receipt.Sequence] = true);
                }
            });
            for (var round = 0; round < 60 && !churn.IsCompleted; round++)
            {
                var gone = deleted.Keys.ToHashSet();
                var seen = new List<long>();
                // What is sent meanwhile may go on for ever; the standing messages come first.
                for (long? after = 0; after is { } position && seen.Count < 2 * standing.Count;)
                {
                    var page = await store.PeekAsync(1, position, 40, default);
                    seen.AddRange(page.Messages.Select(m => m.Sequence));
                    after = page.Next;
                }
                Assert.Equal(seen.Order(), seen);
                Assert.Equal(seen.Distinct().Count(), seen.Count);
                Assert.Empty(standing.Except(seen));
                Assert.Empty(seen.Intersect(gone));
            }
            await enough.CancelAsync();
            await churn;
        }
        folder.Delete(recursive: true);
    }

    /// <summary>Between the read of the tail and the writer's answer, what was in memory moves to the tail, or the queue is purged.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ACheckpointDuringALookMakesItLookAgain(bool purge)
    {
        var folder = Directory.CreateTempSubdirectory("longspan-peek-");
        SqliteMessageBackend? store = null;
        Func<Task>? meanwhile = null;
        var settings = new SqliteMessageSettings
        {
            CheckpointBytes = 2_000, WindowBytes = 1_000, LowWater = 3, PageSize = 50, MinimumShare = 200,
            AfterTailRead = () => Interlocked.Exchange(ref meanwhile, null)?.Invoke() ?? Task.CompletedTask,
        };
        await using (store = SqliteMessageBackend.Open(folder.FullName, new ManualClock(), settings))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            await store.OpenAsync(2, new QueueSettings(), default);
            var sent = await SendAsync(1, 300);
            await CheckpointAsync();
            sent.AddRange(await SendAsync(1, 3));
            var after = sent[^5];
            meanwhile = async () =>
            {
                if (purge)
                {
                    await store.PurgeAsync(1, default);
                }
                await CheckpointAsync();
            };
            var page = await store.PeekAsync(1, after, 10, default);
            Assert.Null(meanwhile);
            Assert.Equal(purge ? [] : sent[^4..], page.Messages.Select(m => m.Sequence));
        }
        folder.Delete(recursive: true);

        async Task<List<long>> SendAsync(long queue, int count) =>
            [.. (await store.SendAsync(queue, [.. Enumerable.Range(0, count).Select(n => MessageBackendTests.Numbered(n, null))], default)).Select(s => s.Sequence)];

        // Another queue's messages fill the journal until the first queue's have left memory.
        async Task CheckpointAsync()
        {
            var waited = TimeProvider.System.GetTimestamp();
            for (var size = 100; size == 100 || await store.CountInMemoryAsync() > 60; size = 1)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(waited) < TimeSpan.FromSeconds(60), "no checkpoint has emptied the memory");
                await SendAsync(2, size);
            }
        }
    }

    private static string Brief(Longspan.Api.LongspanQueues.PeekedMessage message) =>
        $"{message.Body} {message.State} {message.Attributes!["ApproximateReceiveCount"]}";

    private static Task<PeekMessagesResult> PeekAsync(SqsFixture sqs, string url, int? maximum = null, string? after = null) =>
        sqs.Do(LongspanQueuesOperations.PeekMessages, new PeekMessagesRequest { QueueUrl = url, MaxNumberOfMessages = maximum, After = after });

    private static Task<WatchMessagesResult> WatchAsync(SqsFixture sqs, string url, string? after) =>
        sqs.Do(LongspanQueuesOperations.WatchMessages, new WatchMessagesRequest { QueueUrl = url, After = after });
}
