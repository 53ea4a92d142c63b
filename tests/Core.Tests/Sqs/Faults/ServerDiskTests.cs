using System.Net;
using Amazon.Runtime;
using Amazon.SQS;
using Amazon.SQS.Model;
using Longspan.Server;
using Xunit;

namespace Longspan.Core.Tests.Sqs.Faults;

/// <summary>What the official SDK is told by a server whose disk is full, and that its own retries carry it over.</summary>
public sealed class ServerDiskTests
{
    [DiskFact]
    public async Task A_full_disk_is_a_503_that_sdks_repeat_until_there_is_room()
    {
        using var disk = SmallDisk.InMemory(24);
        await using var server = await LongspanServer.StartAsync(new ServerSettings { DataFolder = disk.Data, Port = 0 }, default);
        using var once = Client(server, retries: 0);
        var url = (await once.CreateQueueAsync("orders")).QueueUrl;
        var sent = new List<string>();
        disk.Fill(leaveBytes: 1_500_000);
        var refusal = await Assert.ThrowsAsync<AmazonSQSException>(async () =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                sent.Add((await once.SendMessageAsync(url, $"{i} " + new string('x', 5_000))).MessageId);
            }
        });
        disk.Fill();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "ServiceUnavailable"), (refusal.StatusCode, refusal.ErrorCode));
        // Neither a receive nor a new queue is promised; looking goes on.
        await Assert.ThrowsAsync<AmazonSQSException>(() => once.ReceiveMessageAsync(url));
        var refused = await CreateUntilRefusedAsync(once);
        Assert.NotEmpty((await once.ListQueuesAsync("orders")).QueueUrls);

        disk.MakeRoom();
        using var patient = Client(server, retries: 10);
        sent.Add((await patient.SendMessageAsync(url, "after")).MessageId);
        var got = new List<string>();
        while ((await patient.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 10 })).Messages is { Count: > 0 } messages)
        {
            got.AddRange(messages.Select(m => m.MessageId));
            await patient.DeleteMessageBatchAsync(url, [.. messages.Select((m, i) => new DeleteMessageBatchRequestEntry($"e{i}", m.ReceiptHandle))]);
        }
        Assert.Equal(sent, got);
        await patient.CreateQueueAsync(refused);
    }

    [DiskFact]
    public async Task A_queue_whose_creation_or_change_got_half_way_can_be_created_or_changed_again()
    {
        using var disk = SmallDisk.InMemory(4);
        var folder = Directory.CreateTempSubdirectory("longspan-server-");
        Directory.CreateDirectory(disk.Data);
        Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "messages"), disk.Data);
        await using (var server = await LongspanServer.StartAsync(new ServerSettings { DataFolder = folder.FullName, Port = 0 }, default))
        {
            using var once = Client(server, retries: 0);
            var url = (await once.CreateQueueAsync("orders")).QueueUrl;
            disk.Fill();
            await Assert.ThrowsAsync<AmazonSQSException>(async () =>
            {
                for (var i = 0; i < 1_000; i++)
                {
                    await once.SendMessageAsync(url, new string('x', 100_000));
                }
            });
            await Assert.ThrowsAsync<AmazonSQSException>(() => once.CreateQueueAsync("second"));
            await Assert.ThrowsAsync<AmazonSQSException>(() => once.SetQueueAttributesAsync(url, new() { ["DelaySeconds"] = "3" }));
            disk.MakeRoom();
            using var patient = Client(server, retries: 10);
            var second = (await patient.CreateQueueAsync("second")).QueueUrl;
            await patient.SendMessageAsync(second, "x");
            Assert.Equal("x", Assert.Single((await patient.ReceiveMessageAsync(second)).Messages).Body);
            await patient.SetQueueAttributesAsync(url, new() { ["DelaySeconds"] = "4" });
            Assert.Equal(4, (await patient.GetQueueAttributesAsync(url, ["All"])).DelaySeconds);
        }
        folder.Delete(recursive: true);
    }

    /// <summary>The name that could not be had.</summary>
    private static async Task<string> CreateUntilRefusedAsync(AmazonSQSClient sqs)
    {
        var name = "";
        var failure = await Assert.ThrowsAsync<AmazonSQSException>(async () =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                name = $"queue-{i}";
                await sqs.CreateQueueAsync(name);
            }
        });
        Assert.True((int)failure.StatusCode >= 500, $"{failure.StatusCode} {failure.ErrorCode}");
        return name;
    }

    private static AmazonSQSClient Client(LongspanServer server, int retries)
    {
        var profile = File.ReadLines(server.CredentialsFile).Select(l => l.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0].Trim(), p => p[1].Trim());
        return new AmazonSQSClient(
            new BasicAWSCredentials(profile["aws_access_key_id"], profile["aws_secret_access_key"]),
            new AmazonSQSConfig { ServiceURL = server.Endpoint.ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = retries });
    }
}
