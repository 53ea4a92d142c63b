using System.Collections.Concurrent;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Wire.Client;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>The server as a process: killed under load it forgets nothing that it acknowledged, and it says clearly why it will not start.</summary>
public sealed class ServerProcessTests
{
    private const int Rounds = 3;
    private const int Senders = 8;
    private const int AcknowledgedPerRound = 300;

    [Fact]
    public async Task Its_memory_is_not_dumped_when_it_fails()
    {
        await using var server = await ServerProcess.StartAsync();
        var limits = await File.ReadAllLinesAsync($"/proc/{server.Process.Id}/limits");
        Assert.Matches(@"^Max core file size +0 +0 ", limits.Single(l => l.StartsWith("Max core file size", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Its_files_are_for_its_user_only()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        await using var server = await ServerProcess.StartAsync();
        var queue = (await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "q" }, CancellationToken.None)).QueueUrl!;
        await server.Client.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = queue, MessageBody = "m" }, CancellationToken.None);
        var entries = Directory.EnumerateFileSystemEntries(server.Data, "*", SearchOption.AllDirectories).ToList();
        Assert.Contains(Path.Combine(server.Data, "documents.db-wal"), entries);
        Assert.Contains(Path.Combine(server.Data, "messages", "messages.db"), entries);
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var entry in entries)
        {
            Assert.Equal((entry, UnixFileMode.None), (entry, File.GetUnixFileMode(entry) & ~Owner));
        }
    }

    [Fact]
    public async Task Killed_under_load_everything_acknowledged_is_there_after_each_restart()
    {
        await using var server = await ServerProcess.StartAsync();
        var queue = (await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "load" }, CancellationToken.None)).QueueUrl!;
        await server.Client.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = "load" }, CancellationToken.None);
        var acknowledged = new Acknowledged();
        for (var round = 0; round < Rounds; round++)
        {
            using var killed = new CancellationTokenSource();
            Task[] writers =
            [
                .. Enumerable.Range(0, Senders).Select(sender => WriteAsync(i => SendAsync(server.Client, queue, $"{round}-{sender}-{i}", acknowledged), killed.Token)),
                WriteAsync(i => MakeUserAsync(server.Client, $"u-{round}-{i}", acknowledged), killed.Token),
                WriteAsync(_ => RegisterAsync(server.Client, acknowledged), killed.Token),
            ];
            var enough = acknowledged.Count + AcknowledgedPerRound;
            await Until.TrueAsync("enough is acknowledged", () => Task.FromResult(acknowledged.Count >= enough || writers.All(writer => writer.IsCompleted)));
            Assert.DoesNotContain(writers, writer => writer.IsCompleted);
            await server.Process.KillAsync();
            await killed.CancelAsync();
            await Task.WhenAll(writers);
            await server.StartAgainAsync();
            await CheckAsync(server.Client, acknowledged);
        }
        var received = await DrainAsync(server.Client, queue);
        Assert.Empty(acknowledged.Messages.Except(received));
        // A message whose answer was lost may be there; nothing else may.
        Assert.Empty(received.Except(acknowledged.Attempted));
    }

    private sealed class Acknowledged
    {
        public ConcurrentDictionary<string, bool> Sent { get; } = new();
        public ConcurrentDictionary<string, bool> Users { get; } = new();
        public ConcurrentDictionary<string, bool> Definitions { get; } = new();
        public IEnumerable<string> Messages => Sent.Where(pair => pair.Value).Select(pair => pair.Key);
        public IEnumerable<string> Attempted => Sent.Keys;
        public int Count => Sent.Count(pair => pair.Value) + Users.Count + Definitions.Count;
    }

    private static async Task WriteAsync(Func<int, Task> write, CancellationToken killed)
    {
        for (var i = 0; !killed.IsCancellationRequested; i++)
        {
            try
            {
                await write(i);
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                // The server went. Whether this one was committed is open.
                return;
            }
        }
    }

    private static async Task SendAsync(AwsClient aws, string queue, string body, Acknowledged acknowledged)
    {
        acknowledged.Sent[body] = false;
        await aws.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = queue, MessageBody = body }, CancellationToken.None);
        acknowledged.Sent[body] = true;
    }

    private static async Task MakeUserAsync(AwsClient aws, string name, Acknowledged acknowledged)
    {
        await aws.CallAsync(IamOperations.CreateUser, new() { UserName = name }, CancellationToken.None);
        acknowledged.Users[name] = true;
    }

    private static async Task RegisterAsync(AwsClient aws, Acknowledged acknowledged)
    {
        var made = await aws.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = "load", ContainerDefinitions = [new() { Name = "main", Image = "image:1", Memory = 64 }],
        }, CancellationToken.None);
        acknowledged.Definitions[made.TaskDefinition!.TaskDefinitionArn!] = true;
    }

    private static async Task CheckAsync(AwsClient aws, Acknowledged acknowledged)
    {
        var users = new HashSet<string>();
        string? next = null;
        do
        {
            var page = await aws.CallAsync(IamOperations.ListUsers, new() { Marker = next, MaxItems = 1000 }, CancellationToken.None);
            users.UnionWith(page.Users!.Select(user => user.UserName!));
            next = page.Marker;
        }
        while (next is not null);
        Assert.Empty(acknowledged.Users.Keys.Except(users));
        var definitions = new HashSet<string>();
        do
        {
            var page = await aws.CallAsync(EcsOperations.ListTaskDefinitions, new() { FamilyPrefix = "load", NextToken = next }, CancellationToken.None);
            definitions.UnionWith(page.TaskDefinitionArns!);
            next = page.NextToken;
        }
        while (next is not null);
        Assert.Empty(acknowledged.Definitions.Keys.Except(definitions));
        Assert.Equal("ACTIVE", (await aws.CallAsync(EcsOperations.DescribeClusters, new() { Clusters = ["load"] }, CancellationToken.None)).Clusters![0].Status);
    }

    private static async Task<HashSet<string>> DrainAsync(AwsClient aws, string queue)
    {
        var received = new HashSet<string>();
        while (true)
        {
            var batch = (await aws.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = queue, MaxNumberOfMessages = 10 }, CancellationToken.None)).Messages ?? [];
            if (batch.Count == 0)
            {
                return received;
            }
            foreach (var message in batch)
            {
                Assert.True(received.Add(message.Body!), $"{message.Body} was delivered twice within its visibility");
            }
            var deleted = await aws.CallAsync(SqsOperations.DeleteMessageBatch, new()
            {
                QueueUrl = queue, Entries = [.. batch.Select((message, i) => new DeleteMessageBatchRequestEntry { Id = $"{i}", ReceiptHandle = message.ReceiptHandle })],
            }, CancellationToken.None);
            Assert.Equal(batch.Count, deleted.Successful!.Count);
        }
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused()
    {
        await using var server = await ServerProcess.StartAsync();
        await using var second = OwnProcess.Start("server", "--data", server.Data, "--port", "0");
        Assert.Equal(1, await second.EndsAsync());
        Assert.Contains(server.Data, second.Said, StringComparison.Ordinal);
        Assert.Contains("Stop the other server, or give this one its own --data folder.", second.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Said, StringComparison.Ordinal);
        await server.Client.CallAsync(SqsOperations.ListQueues, new(), CancellationToken.None);
    }

    [Fact]
    public async Task A_port_in_use_is_told()
    {
        await using var server = await ServerProcess.StartAsync();
        await using var second = OwnProcess.Start("server", "--data", server.Data + "-second", "--port", $"{server.Port}");
        Assert.Equal(1, await second.EndsAsync());
        Assert.Contains($"Port {server.Port} is in use.", second.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Said, StringComparison.Ordinal);
        // A start that failed must not keep the folder.
        await using var third = OwnProcess.Start("server", "--data", server.Data + "-second", "--port", "0");
        await third.SaysAsync("Longspan is ready on ");
    }

    [Fact]
    public async Task Bad_settings_are_all_told_at_once()
    {
        await using var server = OwnProcess.Start("server", "--data", Path.Combine(Path.GetTempPath(), "never-made"), "--port", "70000", "--account", "12", "--bind", "0.0.0.0", "--accept-any-credentials");
        Assert.Equal(1, await server.EndsAsync());
        foreach (var option in (string[])["--port 70000", "--account 12", "--accept-any-credentials"])
        {
            Assert.Contains(option, server.Said, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(Path.Combine(Path.GetTempPath(), "never-made")));
    }

    [Fact]
    public async Task Stopped_by_its_supervisor_it_ends_well_and_keeps_its_state()
    {
        await using var server = await ServerProcess.StartAsync();
        var queue = (await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "kept" }, CancellationToken.None)).QueueUrl!;
        Assert.Equal("600", (await Tool.RunAsync("stat", ["-c", "%a", server.CredentialsFile])).Succeeded().Trim());
        var waiting = server.Client.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = queue, WaitTimeSeconds = 20 }, CancellationToken.None);
        Assert.Equal(0, await server.Process.StopAsync());
        // A poll that waits does not hold the stop up; its client is told to try again.
        Assert.Equal("ServiceUnavailable", (await Assert.ThrowsAsync<AwsError>(() => waiting)).Code);
        await server.StartAgainAsync();
        Assert.Equal([queue], (await server.Client.CallAsync(SqsOperations.ListQueues, new(), CancellationToken.None)).QueueUrls);
    }
}
