using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.SQS;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Orders.Tests;

/// <summary>
/// A queue endpoint in memory, spoken to by the real SDK over HTTP. It keeps no visibility clock: a received message is in flight
/// until it is deleted or handed back by <see cref="ReturnAll"/>, which is what makes redelivery a step of a test and not a wait.
/// </summary>
internal sealed class QueueStub : IAsyncDisposable
{
    public const string Orders = "orders";
    public const string Status = "order-status";

    private readonly Lock gate = new();
    private readonly Dictionary<string, List<Entry>> queues = new() { [Orders] = [], [Status] = [] };
    private readonly WebApplication app;
    private TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int handles;

    private QueueStub(WebApplication app) => this.app = app;

    /// <summary>Calls that a test wants refused, as "Action/queue".</summary>
    public HashSet<string> Refused { get; } = [];

    public string Address { get; private set; } = "";

    public static async Task<QueueStub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var stub = new QueueStub(builder.Build());
        stub.app.MapPost("/{**path}", (RequestDelegate)stub.AnswerAsync);
        await stub.app.StartAsync();
        stub.Address = AddressOf(stub.app);
        return stub;
    }

    public static string AddressOf(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public IAmazonSQS Client() => new AmazonSQSClient(
        new BasicAWSCredentials("AKIDEXAMPLE", "example"),
        new AmazonSQSConfig { ServiceURL = Address, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0, Timeout = TimeSpan.FromSeconds(15) });

    public string[] Bodies(string queue)
    {
        lock (gate)
        {
            return [.. queues[queue].Select(entry => entry.Body)];
        }
    }

    public int InFlight(string queue)
    {
        lock (gate)
        {
            return queues[queue].Count(entry => entry.Handle is not null);
        }
    }

    public void Put(string queue, string body)
    {
        lock (gate)
        {
            queues[queue].Add(new Entry { Body = body });
            arrived.TrySetResult();
        }
    }

    public void ReturnAll(string queue)
    {
        lock (gate)
        {
            queues[queue].ForEach(entry => entry.Handle = null);
            arrived.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        string action = context.Request.Headers["X-Amz-Target"].ToString().Split('.')[^1];
        var request = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        string queue = ((string?)request["QueueName"] ?? (string?)request["QueueUrl"])!.Split('/')[^1];
        context.Response.ContentType = "application/x-amz-json-1.0";
        if (Refused.Contains($"{action}/{queue}"))
        {
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync("""{"__type":"com.amazonaws.sqs#InternalFailure","message":"refused by the test"}""");
            return;
        }

        var answer = action switch
        {
            "GetQueueUrl" => new JsonObject { ["QueueUrl"] = $"{Address}/123456789012/{queue}" },
            "SendMessage" => Send(queue, (string)request["MessageBody"]!),
            "ReceiveMessage" => await ReceiveAsync(queue, (int)request["MaxNumberOfMessages"]!, context.RequestAborted),
            "DeleteMessage" => Delete(queue, (string)request["ReceiptHandle"]!),
            "ChangeMessageVisibilityBatch" => HandBack(queue, request["Entries"]!.AsArray()),
            "GetQueueAttributes" => Attributes(queue),
            _ => throw new InvalidOperationException($"The stub does not know {action}."),
        };
        await context.Response.WriteAsync(answer.ToJsonString());
    }

    private JsonObject Send(string queue, string body)
    {
        Put(queue, body);
        return new JsonObject { ["MessageId"] = "m", ["MD5OfMessageBody"] = Md5(body) };
    }

    private async Task<JsonObject> ReceiveAsync(string queue, int most, CancellationToken stop)
    {
        while (true)
        {
            Task more;
            lock (gate)
            {
                var batch = queues[queue].Where(entry => entry.Handle is null).Take(most).ToList();
                if (batch.Count > 0)
                {
                    batch.ForEach(entry => entry.Handle = $"h{++handles}");
                    return new JsonObject
                    {
                        ["Messages"] = new JsonArray([.. batch.Select(entry => new JsonObject
                        {
                            ["MessageId"] = "m", ["ReceiptHandle"] = entry.Handle, ["Body"] = entry.Body, ["MD5OfBody"] = Md5(entry.Body),
                        })]),
                    };
                }

                arrived = arrived.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : arrived;
                more = arrived.Task;
            }

            await more.WaitAsync(stop);
        }
    }

    private JsonObject Delete(string queue, string handle)
    {
        lock (gate)
        {
            queues[queue].RemoveAll(entry => entry.Handle == handle);
            return [];
        }
    }

    private JsonObject HandBack(string queue, JsonArray entries)
    {
        var handed = entries.Select(entry => (string)entry!["ReceiptHandle"]!).ToHashSet();
        lock (gate)
        {
            queues[queue].Where(entry => handed.Contains(entry.Handle ?? "")).ToList().ForEach(entry => entry.Handle = null);
            arrived.TrySetResult();
            return new JsonObject
            {
                ["Successful"] = new JsonArray([.. entries.Select(entry => new JsonObject { ["Id"] = (string)entry!["Id"]! })]),
                ["Failed"] = new JsonArray(),
            };
        }
    }

    private JsonObject Attributes(string queue)
    {
        lock (gate)
        {
            return new JsonObject
            {
                ["Attributes"] = new JsonObject
                {
                    ["ApproximateNumberOfMessages"] = $"{queues[queue].Count(entry => entry.Handle is null)}",
                    ["ApproximateNumberOfMessagesNotVisible"] = $"{queues[queue].Count(entry => entry.Handle is not null)}",
                },
            };
        }
    }

#pragma warning disable CA5351 // The protocol's checksum of a body, not a protection.
    private static string Md5(string body) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(body)));
#pragma warning restore CA5351

    private sealed class Entry
    {
        public required string Body { get; init; }

        public string? Handle { get; set; }
    }
}
