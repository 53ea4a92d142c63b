using System.Text;
using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What a broken or hostile peer sends to the agents' sockets: nothing of it may reach another node, or stay in the server.</summary>
public sealed class HostileAgentTests(AgentServerFixture fixture) : IClassFixture<AgentServerFixture>
{
    private readonly AgentServer _server = fixture.Server;

    private sealed class SkewedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }

    private async Task<(AmazonAgent Agent, string TaskArn)> RunningAsync(string cluster, string family, Action<RegisterTaskDefinitionRequest>? change = null)
    {
        var agent = await _server.JoinedAsync(cluster);
        await _server.RegisterAsync(family, change);
        var answer = await _server.CallAsync(EcsOperations.StartTask, new() { Cluster = cluster, TaskDefinition = family, ContainerInstances = [agent.Arn!] });
        var arn = answer.Tasks!.Single().TaskArn!;
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        return (agent, arn);
    }

    private static JsonObject Stopped(string cluster, string arn) => new()
    {
        ["cluster"] = cluster, ["task"] = arn, ["status"] = "STOPPED", ["reason"] = "forged",
    };

    [Fact]
    public async Task ANodeReportsItsOwnTasksOnly()
    {
        var cluster = await _server.ClusterAsync();
        var (victim, arn) = await RunningAsync(cluster, "victim", r => r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker");
        await using var first = victim;
        await using var other = await _server.JoinedAsync(cluster);

        Assert.Equal("AccessDeniedException", (await other.CallAsync("SubmitTaskStateChange", Stopped(cluster, arn))).Code);
        Assert.Equal("AccessDeniedException", (await other.CallAsync("SubmitContainerStateChange", new JsonObject
        {
            ["cluster"] = cluster, ["task"] = arn, ["containerName"] = "main", ["status"] = "STOPPED",
        })).Code);
        // Nor do the task's own keys speak for it.
        var keys = victim.CredentialsOf(victim.Find(arn)!.Payload.GetProperty("roleCredentials").GetProperty("credentialsId").GetString()!)!.Value;
        var role = new SigningKeys(
            keys.GetProperty("accessKeyId").GetString()!, keys.GetProperty("secretAccessKey").GetString()!, keys.GetProperty("sessionToken").GetString());
        Assert.Equal("AccessDeniedException", (await other.CallAsync("SubmitTaskStateChange", Stopped(cluster, arn), role)).Code);
        await other.PublishHealthAsync(arn, "UNHEALTHY");
        await other.UntilAcknowledgedAsync("AckPublishHealth", 1);
        var task = await _server.TaskAsync(cluster, arn);
        Assert.Equal(("RUNNING", "UNKNOWN"), (task.LastStatus, task.HealthStatus));
        // A report about a task that is not kept is taken, or the agent would send it for ever.
        Assert.Equal(200, (await other.CallAsync("SubmitTaskStateChange", Stopped(cluster, arn[..^4] + "0000"))).Status);

        Assert.Equal(200, (await other.CallAsync("SubmitTaskStateChange", Stopped(cluster, arn), _server.AdministratorKeys)).Status);
        Assert.Equal("STOPPED", (await _server.TaskAsync(cluster, arn)).LastStatus);
    }

    [Fact]
    public async Task SocketsOpenToTheIdentityThatRegisteredTheInstanceOnly()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var other = await (await _server.MachineAsync()).KeysAsync();
        var user = await _server.UserAsync("mallory");
        var wrong = agent.Settings.Keys with { Secret = new string('x', 40) };
        var expired = agent.Settings.Keys with { Token = agent.Settings.Keys.Token![..^8] + "AAAAAAA=" };
        foreach (var target in new[] { agent.ControlTarget(), agent.TelemetryTarget })
        {
            foreach (var keys in new[] { other, user, wrong, expired, new SigningKeys("AKIAIOSFODNN7EXAMPLE", "secret") })
            {
                var refused = await Assert.ThrowsAsync<HandshakeRefusedException>(() => agent.OpenAsync(target, keys));
                Assert.True(refused.Status is >= 400 and < 500, refused.Message);
                // §3.2: this word would send the agent to sleep for an hour.
                Assert.DoesNotContain("InactiveInstanceException", refused.Body, StringComparison.Ordinal);
            }
            await Assert.ThrowsAsync<HandshakeRefusedException>(() => RawSocket.OpenAsync(_server.Endpoint, target, [new("Host", _server.Endpoint.Authority)]));
            using var signedElsewhere = await agent.OpenAsync(target);
        }
    }

    [Fact]
    public async Task AClockThatIsWrongByTenMinutesIsRefusedAsRetriable()
    {
        var cluster = await _server.ClusterAsync();
        foreach (var minutes in new[] { -10, 10 })
        {
            await using var agent = await _server.AgentAsync(cluster, s => s with { Clock = new SkewedClock(TimeSpan.FromMinutes(minutes)) });
            Assert.Equal(1, await agent.StartAsync());
        }
        await using var nearly = await _server.JoinedAsync(cluster, s => s with { Clock = new SkewedClock(TimeSpan.FromMinutes(-3)) });
        await nearly.UntilAcknowledgedAsync("AckPublishMetric", 1);
    }

    [Theory]
    [InlineData("tampered")]
    [InlineData("unsigned")]
    [InlineData("another machine's")]
    [InlineData("no JSON behind")]
    public async Task AFrameThatIsNotTheInstancesEndsItsSession(string kind)
    {
        var cluster = await _server.ClusterAsync();
        var (agent, arn) = await RunningAsync(cluster, "frames", r =>
            r.ContainerDefinitions![0].HealthCheck = new HealthCheck { Command = ["CMD-SHELL", "true"] });
        await using var owned = agent;
        var message = new JsonObject
        {
            ["tasks"] = new JsonArray(new JsonObject
            {
                ["taskArn"] = arn,
                ["containers"] = new JsonArray(new JsonObject { ["containerName"] = "main", ["healthStatus"] = "UNHEALTHY" }),
            }),
        };
        var json = Encoding.UTF8.GetBytes(new JsonObject { ["type"] = "PublishHealthRequest", ["message"] = message.DeepClone() }.ToJsonString());
        var frame = kind switch
        {
            "tampered" => agent.Frame("PublishHealthRequest", message, signedInstead: "{}"u8.ToArray()),
            "unsigned" => json,
            "another machine's" => agent.Frame("PublishHealthRequest", message, await (await _server.MachineAsync()).KeysAsync()),
            _ => "Authorization: AWS4-HMAC-SHA256\r\n"u8.ToArray(),
        };
        await agent.Telemetry.SendAsync(RawSocket.Text, frame);
        var end = await agent.UntilTelemetryEndsAsync();
        Assert.Equal((1008, Pause.Backoff), (end.Code, AmazonAgent.PauseAfter(end)));
        Assert.Equal("UNKNOWN", (await _server.TaskAsync(cluster, arn)).HealthStatus);
        // The control socket is another matter.
        Assert.Null(agent.ControlEnd);
    }

    [Fact]
    public async Task RenewedKeysAreGoodOnTheSameSocket()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var renewed = await agent.Settings.Machine!.KeysAsync();
        Assert.NotEqual(agent.Settings.Keys.Id, renewed.Id);
        agent.Settings = agent.Settings with { Keys = renewed };
        await agent.PublishMetricsAsync();
        await agent.UntilAcknowledgedAsync("AckPublishMetric", 2);
    }

    [Fact]
    public async Task FramesOfKeysThatWereTakenAwayAreRefused()
    {
        var cluster = await _server.ClusterAsync();
        var user = await _server.UserAsync("operator");
        await using var agent = await _server.JoinedAsync(cluster, s => s with { Keys = user });
        await agent.UntilAcknowledgedAsync("AckPublishMetric", 1);
        var renewed = (await _server.CallAsync(IamOperations.CreateAccessKey, new() { UserName = "operator" })).AccessKey!;
        await _server.CallAsync(IamOperations.DeleteAccessKey, new() { UserName = "operator", AccessKeyId = user.Id });

        await agent.PublishMetricsAsync();
        Assert.Equal(1008, (await agent.UntilTelemetryEndsAsync()).Code);
        agent.Settings = agent.Settings with { Keys = new SigningKeys(renewed.AccessKeyId!, renewed.SecretAccessKey!) };
        await agent.ReconnectAsync();
        await _server.RegisterAsync("renewed");
        await _server.UntilTaskAsync(cluster, await _server.RunAsync(cluster, "renewed"), "RUNNING");
    }

    [Fact]
    public async Task FragmentsUnknownTypesAndOddMessagesHurtNobody()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with { Script = _ => Fate.NeverStart });
        agent.AcknowledgesPayloads = false;
        await _server.RegisterAsync("odd");
        await _server.RunAsync(cluster, "odd");
        var payload = (await agent.UntilReceivedAsync("PayloadMessage", 1))[0];
        var ack = Encoding.UTF8.GetBytes(
            new JsonObject { ["type"] = "AckRequest", ["message"] = new JsonObject { ["messageId"] = payload.GetProperty("messageId").GetString() } }.ToJsonString());
        await agent.Control.SendAsync(RawSocket.Text, ack.AsMemory(0, 7), fin: false);
        await agent.Control.SendAsync(RawSocket.Ping, "still here"u8.ToArray());
        await agent.Control.SendAsync(RawSocket.Continuation, ack.AsMemory(7, 9), fin: false);
        await agent.Control.SendAsync(RawSocket.Continuation, ack.AsMemory(16));
        foreach (var text in new[]
        {
            """{"type":"FutureMessage","message":{"a":1}}""", """{"type":"AckRequest"}""", """{"type":"AckRequest","message":{"messageId":7}}""",
            """{"type":"AckRequest","message":{"messageId":"00000000-0000-0000-0000-000000000000"}}""", "[]", "null", "", "not json", "{",
            """{"type":"NackRequest","message":{"messageId":"x","reason":"\u001b[2J"}}""",
            """{"type":"TaskStopVerificationMessage","message":{"messageId":"x","stopCandidates":[{}]}}""",
            """{"type":"PayloadMessage","message":{"messageId":"x","tasks":[]}}""",
            new string('[', 5000),
        })
        {
            await agent.Control.SendTextAsync(text);
        }
        await agent.Telemetry.SendAsync(RawSocket.Text, agent.Frame("PublishHealthRequest", new JsonObject { ["tasks"] = new JsonArray(new JsonObject()) }));
        await agent.Telemetry.SendAsync(RawSocket.Text, agent.Frame("PublishMetricsRequest", new JsonObject { ["taskMetrics"] = "none" }));
        await agent.Telemetry.SendAsync(RawSocket.Text, agent.Frame("Unknown", []));
        await agent.PublishMetricsAsync();
        await agent.UntilAcknowledgedAsync("AckPublishMetric", 3);

        await _server.RunAsync(cluster, "odd");
        await agent.UntilReceivedAsync("PayloadMessage", 2);
        Assert.Null(agent.ControlEnd);
    }

    [Theory]
    [InlineData("binary", 1003)]
    [InlineData("too large", 1009)]
    [InlineData("too large in parts", 1009)]
    [InlineData("too much nonsense", 1007)]
    [InlineData("no frame at all", null)]
    public async Task WhatCannotBeAMessageEndsTheSessionWithABackoff(string kind, int? code)
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        // A connection beside the agent's own loop, whose answers would come between the parts.
        using var socket = await agent.OpenAsync(agent.ControlTarget());
        SessionEnd? end = null;
        var reading = Task.Run(async () =>
        {
            while (await socket.ReceiveAsync(e => end = e) is not null)
            {
            }
        });
        try
        {
            switch (kind)
            {
                case "binary":
                    await socket.SendAsync(RawSocket.Binary, "{}"u8.ToArray());
                    break;
                case "too large":
                    await socket.SendAsync(RawSocket.Text, new byte[5 * 1024 * 1024]);
                    break;
                case "too large in parts":
                    for (var i = 0; i < 6; i++)
                    {
                        await socket.SendAsync(i == 0 ? RawSocket.Text : RawSocket.Continuation, Encoding.ASCII.GetBytes(new string(' ', 1024 * 1024)), fin: false);
                    }
                    break;
                case "too much nonsense":
                    for (var i = 0; i < 101; i++)
                    {
                        await socket.SendTextAsync("nonsense");
                    }
                    break;
                default:
                    await socket.SendRawAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n" + new string('!', 4096)));
                    break;
            }
        }
        catch (IOException)
        {
            // It may have hung up while we were still talking.
        }
        await reading.WaitAsync(EcsCloud.Patience);
        if (code is not null && end!.Code != 1006)
        {
            Assert.Equal((code.Value, Pause.Backoff), (end.Code, AmazonAgent.PauseAfter(end)));
        }
        // And it may come back.
        await agent.ReconnectAsync();
        await _server.RegisterAsync("back");
        await _server.UntilTaskAsync(cluster, await _server.RunAsync(cluster, "back"), "RUNNING");
    }

    [Fact]
    public async Task ACandidateThatCannotBeATaskOfOursIsNotTakenUp()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var id = new string('a', 32);
        string[] odd =
        [
            $"arn:aws:ecs:us-east-1:999999999999:task/{cluster}/{id}", $"arn:aws:ecs:eu-west-1:123456789012:task/{cluster}/{id}",
            $"arn:aws:ecs:us-east-1:123456789012:task/other/{id}", $"arn:aws:ecs:us-east-1:123456789012:task/{cluster}/{new string('a', 65)}",
            $"arn:aws:ecs:us-east-1:123456789012:task/{cluster}/..", "", "x",
        ];
        await agent.SendControlAsync("TaskStopVerificationMessage", new JsonObject
        {
            ["messageId"] = agent.Received("TaskManifestMessage")[^1].GetProperty("messageId").GetString(),
            ["stopCandidates"] = new JsonArray([.. odd.Select(arn => new JsonObject { ["taskArn"] = arn, ["desiredStatus"] = "STOPPED" })]),
        });
        await agent.UntilReceivedAsync("TaskStopVerificationAck", 1);
        Assert.Empty((await _server.CallAsync(EcsOperations.ListTasks, new() { Cluster = cluster })).TaskArns!);
    }

    [Fact]
    public async Task AnAcknowledgementOfAnothersMessageAcknowledgesNothing()
    {
        var cluster = await _server.ClusterAsync();
        await using var slow = await _server.JoinedAsync(cluster, s => s with { Script = _ => Fate.NeverStart });
        slow.AcknowledgesPayloads = false;
        await _server.RegisterAsync("foreign");
        await _server.RunAsync(cluster, "foreign");
        var payload = (await slow.UntilReceivedAsync("PayloadMessage", 1))[0];
        await using var other = await _server.JoinedAsync(cluster);
        for (var i = 0; i < 500; i++)
        {
            await other.SendControlAsync("AckRequest", new JsonObject
            {
                ["cluster"] = cluster, ["containerInstance"] = slow.Arn, ["messageId"] = payload.GetProperty("messageId").GetString(),
            });
        }
        await slow.ReconnectAsync();
        await slow.UntilReceivedAsync("PayloadMessage", 2);
        Assert.Null(other.ControlEnd);
    }

    [Fact]
    public async Task HundredsOfConnectionsThatDropLeaveNothingBehind()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        await using var neighbour = await _server.JoinedAsync(cluster);
        await Parallel.ForAsync(0, 4, async (_, _) =>
        {
            for (var i = 0; i < 50; i++)
            {
                using var control = await agent.OpenAsync(agent.ControlTarget());
                using var telemetry = await agent.OpenAsync(agent.TelemetryTarget);
                control.Abort();
                telemetry.Abort();
            }
        });
        await agent.ReconnectAsync();
        await EcsCloud.UntilAsync("back", () => _server.InstanceAsync(agent), i => i.AgentConnected is true);
        await _server.RegisterAsync("after");
        for (var i = 0; i < 2; i++)
        {
            var answer = await _server.CallAsync(EcsOperations.StartTask, new()
            {
                Cluster = cluster, TaskDefinition = "after", ContainerInstances = [agent.Arn!, neighbour.Arn!],
            });
            foreach (var task in answer.Tasks!)
            {
                await _server.UntilTaskAsync(cluster, task.TaskArn!, "RUNNING");
            }
        }
        Assert.Null(neighbour.ControlEnd);
    }
}
