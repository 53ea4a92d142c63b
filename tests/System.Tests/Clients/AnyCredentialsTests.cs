using System.Net;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Server;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>The mode for foreign test suites: dummy keys act as the administrator, and one call empties the server.</summary>
public sealed class AnyCredentialsTests
{
    private static readonly AwsCredentials Dummy = new("test", "test");

    [Fact]
    public async Task Dummy_keys_are_the_administrator_and_issued_keys_are_themselves()
    {
        using var server = new LiveServer { AcceptAnyCredentials = true };
        await server.InitializeAsync();
        var anyone = server.ClientWith(Dummy);
        Assert.Equal(LiveServer.Account, (await anyone.CallAsync(StsOperations.GetCallerIdentity, new(), CancellationToken.None)).Account);
        await anyone.CallAsync(IamOperations.CreateUser, new() { UserName = "ann" }, CancellationToken.None);
        var key = (await anyone.CallAsync(IamOperations.CreateAccessKey, new() { UserName = "ann" }, CancellationToken.None)).AccessKey!;
        var ann = server.ClientWith(new AwsCredentials(key.AccessKeyId!, key.SecretAccessKey!));
        Assert.EndsWith(":user/ann", (await ann.CallAsync(StsOperations.GetCallerIdentity, new(), CancellationToken.None)).Arn, StringComparison.Ordinal);
        var wrong = server.ClientWith(new AwsCredentials(key.AccessKeyId!, "wrong"));
        Assert.Equal("SignatureDoesNotMatch", (await Assert.ThrowsAsync<AwsError>(() => wrong.CallAsync(StsOperations.GetCallerIdentity, new(), CancellationToken.None))).Code);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_reset_is_a_fresh_server()
    {
        using var server = new LiveServer { AcceptAnyCredentials = true };
        await server.InitializeAsync();
        var anyone = server.ClientWith(Dummy);
        for (var round = 0; round < 3; round++)
        {
            // The same names each time: nothing of the round before is there, cool-downs of deleted queues included.
            await anyone.CallAsync(IamOperations.CreateUser, new() { UserName = "ann" }, CancellationToken.None);
            var url = (await anyone.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "orders" }, CancellationToken.None)).QueueUrl!;
            await anyone.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = url, MessageBody = $"round {round}" }, CancellationToken.None);
            var messages = (await anyone.CallAsync(SqsOperations.ReceiveMessage, new() { QueueUrl = url, MaxNumberOfMessages = 10 }, CancellationToken.None)).Messages!;
            Assert.Equal([$"round {round}"], messages.Select(message => message.Body));
            using var reset = await server.Http.PostAsync(new Uri(server.Endpoint, "/_longspan/reset"), null);
            Assert.Equal(HttpStatusCode.NoContent, reset.StatusCode);
            Assert.Empty((await anyone.CallAsync(SqsOperations.ListQueues, new(), CancellationToken.None)).QueueUrls ?? []);
        }
        var keys = LiveServer.ReadKeys(server.CredentialsFile);
        Assert.EndsWith(":user/admin", (await server.ClientWith(keys).CallAsync(StsOperations.GetCallerIdentity, new(), CancellationToken.None)).Arn, StringComparison.Ordinal);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_reset_under_calls_leaves_no_server_error_behind()
    {
        using var server = new LiveServer { AcceptAnyCredentials = true };
        await server.InitializeAsync();
        var anyone = server.ClientWith(Dummy);
        using var enough = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(async caller =>
        {
            var faults = new List<AwsError>();
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                try
                {
                    var url = (await anyone.CallAsync(SqsOperations.CreateQueue, new() { QueueName = $"q-{caller}-{i % 3}" }, CancellationToken.None)).QueueUrl!;
                    await anyone.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = url, MessageBody = "x" }, CancellationToken.None);
                }
                catch (AwsError error) when (error.HttpStatus < 500 || error.Code == "ServiceUnavailable")
                {
                    // The queue went with the reset, or the reset could not wait for this call.
                }
                catch (AwsError error)
                {
                    faults.Add(error);
                }
            }
            return faults;
        }).ToArray();
        for (var i = 0; i < 10; i++)
        {
            using var reset = await server.Http.PostAsync(new Uri(server.Endpoint, "/_longspan/reset"), null);
            Assert.Equal(HttpStatusCode.NoContent, reset.StatusCode);
        }
        await enough.CancelAsync();
        Assert.Empty((await Task.WhenAll(callers)).SelectMany(faults => faults).Select(fault => fault.ToString()));
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Without_the_mode_there_is_no_reset()
    {
        using var server = new LiveServer();
        await server.InitializeAsync();
        using var refused = await server.Http.PostAsync(new Uri(server.Endpoint, "/_longspan/reset"), null);
        Assert.InRange((int)refused.StatusCode, 400, 499);
        await server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = "kept" }, CancellationToken.None);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task The_mode_is_refused_beyond_loopback()
    {
        var settings = new ServerSettings { DataFolder = "/nonexistent", Port = 0, Bind = [IPAddress.Any], InsecureHttp = true, AcceptAnyCredentials = true };
        var refused = await Assert.ThrowsAsync<SettingsException>(() => LongspanServer.StartAsync(settings, CancellationToken.None));
        Assert.Contains("--accept-any-credentials is for loopback only.", refused.Faults);
    }
}
