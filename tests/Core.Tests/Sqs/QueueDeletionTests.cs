using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class QueueDeletionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DeletingAQueueEndsEveryPollThatWaitsForIt(bool fifo)
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = fifo ? await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true")) : await sqs.CreateAsync("orders");
        var other = await sqs.CreateAsync("other");
        using var stop = new CancellationTokenSource();
        var polls = Enumerable.Range(0, 20).Select(_ => sqs.ReceiveAsync(url, wait: 20, stop: stop.Token)).ToList();
        var bystander = sqs.ReceiveAsync(other, wait: 20, stop: stop.Token);
        // The store works in the order of arrival: behind this answer all polls are in line.
        await sqs.DepthAsync(url);
        Assert.DoesNotContain(polls, p => p.IsCompleted);
        await sqs.Do(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = url });
        foreach (var poll in polls)
        {
            await Assert.ThrowsAsync<QueueDoesNotExist>(() => poll.WaitAsync(TimeSpan.FromSeconds(60)));
        }
        Assert.False(bystander.IsCompleted);
        await sqs.SendAsync(other, "x");
        Assert.Single(await bystander.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task AQueueThatIsCreatedAgainSharesNothingWithTheOneBefore()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true"));
        await sqs.SendAsync(url, "first", group: "g", deduplication: "d");
        await sqs.SendAsync(url, "second", group: "g", deduplication: "e");
        var held = Assert.Single(await sqs.ReceiveAsync(url, maximum: 1)).ReceiptHandle!;
        await sqs.Do(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = url });
        Assert.Equal("QueueDeletedRecently", Simple(await Assert.ThrowsAsync<QueueDeletedRecently>(() => sqs.CreateAsync("orders.fifo", ("FifoQueue", "true")))));
        sqs.Clock.Advance(TimeSpan.FromSeconds(59));
        await Assert.ThrowsAsync<QueueDeletedRecently>(() => sqs.CreateAsync("orders.fifo", ("FifoQueue", "true")));
        sqs.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(url, await sqs.CreateAsync("orders.fifo", ("FifoQueue", "true")));
        Assert.Empty(await sqs.ReceiveAsync(url));
        await Assert.ThrowsAsync<ReceiptHandleIsInvalid>(() => sqs.DeleteAsync(url, held));
        // The deduplication ids of before are forgotten, and its groups are open.
        await sqs.SendAsync(url, "third", group: "g", deduplication: "d");
        await sqs.RestartAsync();
        Assert.Equal("third", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    private static string Simple(AwsError error) => error.Code[(error.Code.LastIndexOf('.') + 1)..];
}
