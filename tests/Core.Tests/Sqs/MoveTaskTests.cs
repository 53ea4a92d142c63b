using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class MoveTaskTests
{
    private const string Dead = "arn:aws:sqs:eu-central-1:123456789012:dead";

    [Fact]
    public async Task DeadLettersGoBackToWhereTheyCameFrom()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var (dead, url) = await WithLettersAsync(sqs, 25);
        var handle = (await StartAsync(sqs)).TaskHandle!;
        Assert.NotEmpty(handle);
        var task = await FinishedAsync(sqs);
        Assert.Equal("COMPLETED", task.Status);
        Assert.Equal(25, task.ApproximateNumberOfMessagesMoved);
        Assert.Equal(25, task.ApproximateNumberOfMessagesToMove);
        Assert.Null(task.TaskHandle);
        Assert.Equal((0, 0, 0), await sqs.DepthAsync(dead));
        Assert.Equal((25, 0, 0), await sqs.DepthAsync(url));
        var message = (await sqs.ReceiveAsync(url))[0];
        Assert.Equal("1", message.Attributes!["ApproximateReceiveCount"]);
        Assert.False(message.Attributes.ContainsKey("DeadLetterQueueSourceArn"));
    }

    [Fact]
    public async Task ATaskKeepsItsRateGoesOnAfterARestartAndCanBeCancelled()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var (dead, _) = await WithLettersAsync(sqs, 60);
        var handle = (await StartAsync(sqs, perSecond: 10)).TaskHandle!;
        Assert.Contains("already a task running", (await Assert.ThrowsAsync<AwsError>(() => StartAsync(sqs))).Message);
        await StepUntilAsync(sqs, async () => (await sqs.DepthAsync(dead)).Visible <= 50);
        await sqs.RestartAsync();
        await StepUntilAsync(sqs, async () => (await sqs.DepthAsync(dead)).Visible <= 40);
        await sqs.Do(SqsOperations.CancelMessageMoveTask, new CancelMessageMoveTaskRequest { TaskHandle = handle });
        var task = await FinishedAsync(sqs);
        Assert.Equal("CANCELLED", task.Status);
        var (left, _, _) = await sqs.DepthAsync(dead);
        Assert.InRange(left, 1, 40);
        await Assert.ThrowsAsync<UnsupportedOperation>(
            () => sqs.Do(SqsOperations.CancelMessageMoveTask, new CancelMessageMoveTaskRequest { TaskHandle = handle }));
    }

    [Fact]
    public async Task WrongSourcesAreRefused()
    {
        await using var sqs = await SqsFixture.StartAsync();
        await sqs.CreateAsync("dead");
        Assert.Contains("Dead Letter Queue", (await Assert.ThrowsAsync<AwsError>(() => StartAsync(sqs))).Message);
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => sqs.Do(
            SqsOperations.StartMessageMoveTask, new StartMessageMoveTaskRequest { SourceArn = Dead + "x" }));
        await Assert.ThrowsAsync<AwsError>(() => sqs.Do(SqsOperations.CancelMessageMoveTask, new CancelMessageMoveTaskRequest { TaskHandle = "junk" }));
    }

    [Fact]
    public async Task DestinationsRatesAndHandlesAreChecked()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var (_, url) = await WithLettersAsync(sqs, 1);
        await sqs.CreateAsync("other.fifo", ("FifoQueue", "true"));
        Assert.Contains("same type", (await Assert.ThrowsAsync<AwsError>(() => StartToAsync(Dead.Replace("dead", "other.fifo")))).Message);
        Assert.Contains("cannot be the same", (await Assert.ThrowsAsync<AwsError>(() => StartToAsync(Dead))).Message);
        Assert.Contains("DestinationArn", (await Assert.ThrowsAsync<ResourceNotFoundException>(() => StartToAsync(Dead + "x"))).Message);
        Assert.Contains("this format", (await Assert.ThrowsAsync<AwsError>(() => StartToAsync("dead"))).Message);
        await Assert.ThrowsAsync<AwsError>(() => StartAsync(sqs, perSecond: 0));
        await Assert.ThrowsAsync<AwsError>(() => StartAsync(sqs, perSecond: 501));
        foreach (var most in (int[])[0, 11])
        {
            await Assert.ThrowsAsync<AwsError>(
                () => sqs.Do(SqsOperations.ListMessageMoveTasks, new ListMessageMoveTasksRequest { SourceArn = Dead, MaxResults = most }));
        }
        Assert.Contains("SourceArn", (await Assert.ThrowsAsync<ResourceNotFoundException>(() => CancelAsync($$"""{"taskId":"t","sourceArn":"{{Dead}}x"}"""))).Message);
        Assert.Equal("Task does not exist.", (await Assert.ThrowsAsync<ResourceNotFoundException>(() => CancelAsync($$"""{"taskId":"t","sourceArn":"{{Dead}}"}"""))).Message);
        foreach (var junk in (string[])["{}", "[]", "1", "{\"taskId\":\"t\"}", "{\"taskId\":\"t\",\"taskId\":\"t\"}"])
        {
            Assert.Equal("Value for parameter TaskHandle is invalid.", (await Assert.ThrowsAsync<AwsError>(() => CancelAsync(junk))).Message);
        }
        await StartToAsync(Dead.Replace("dead", "orders"));
        Assert.Equal(("COMPLETED", 1), ((await FinishedAsync(sqs)).Status, (await sqs.DepthAsync(url)).Visible));

        Task StartToAsync(string destination) =>
            sqs.Do(SqsOperations.StartMessageMoveTask, new StartMessageMoveTaskRequest { SourceArn = Dead, DestinationArn = destination });
        Task CancelAsync(string handle) => sqs.Do(
            SqsOperations.CancelMessageMoveTask, new CancelMessageMoveTaskRequest { TaskHandle = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(handle)) });
    }

    [Fact]
    public async Task ATaskWhoseDestinationIsDeletedFailsAndSaysWhy()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var (dead, _) = await WithLettersAsync(sqs, 20);
        var destination = await sqs.CreateAsync("elsewhere");
        await sqs.Do(SqsOperations.StartMessageMoveTask, new StartMessageMoveTaskRequest
        {
            SourceArn = Dead, DestinationArn = Dead.Replace("dead", "elsewhere"), MaxNumberOfMessagesPerSecond = 1,
        });
        await StepUntilAsync(sqs, async () => (await sqs.DepthAsync(dead)).Visible < 20);
        await sqs.Do(SqsOperations.DeleteQueue, new DeleteQueueRequest { QueueUrl = destination });
        var task = await FinishedAsync(sqs);
        Assert.Equal(("FAILED", "AWS.SimpleQueueService.NonExistentQueue", 1), (task.Status, task.FailureReason, task.MaxNumberOfMessagesPerSecond));
    }

    private static async Task<(string Dead, string Url)> WithLettersAsync(SqsFixture sqs, int count)
    {
        var dead = await sqs.CreateAsync("dead");
        var url = await sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{Dead}}","maxReceiveCount":1}"""));
        for (var i = 0; i < count; i++)
        {
            await sqs.SendAsync(url, $"{i}");
        }
        for (var got = 0; got < count;)
        {
            got += (await sqs.ReceiveAsync(url, visibility: 1)).Count;
        }
        sqs.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(await sqs.ReceiveAsync(url));
        Assert.Equal((count, 0, 0), await sqs.DepthAsync(dead));
        return (dead, url);
    }

    private static Task<StartMessageMoveTaskResult> StartAsync(SqsFixture sqs, int? perSecond = null) =>
        sqs.Do(SqsOperations.StartMessageMoveTask, new StartMessageMoveTaskRequest { SourceArn = Dead, MaxNumberOfMessagesPerSecond = perSecond });

    private static async Task<ListMessageMoveTasksResultEntry> FinishedAsync(SqsFixture sqs)
    {
        ListMessageMoveTasksResultEntry? task = null;
        await StepUntilAsync(sqs, async () =>
        {
            task = (await sqs.Do(SqsOperations.ListMessageMoveTasks, new ListMessageMoveTasksRequest { SourceArn = Dead })).Results![0];
            return task.Status is not ("RUNNING" or "CANCELLING");
        });
        return task!;
    }

    /// <summary>Moves the clock a task's step at a time until a state is reached.</summary>
    private static async Task StepUntilAsync(SqsFixture sqs, Func<Task<bool>> reached)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await reached())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(20), "the task does not get there");
            sqs.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
    }
}
