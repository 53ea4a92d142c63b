using Longspan.Api.Ecs;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What takes minutes and hours between an agent and the server, on a clock that the test moves.</summary>
public sealed class AgentClockTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task KeysAreRenewedBeforeTheyEndUnderTheSameId()
    {
        await using var server = await AgentServer.StartAsync(_clock);
        var cluster = await server.ClusterAsync();
        await using var agent = await server.JoinedAsync(cluster);
        await server.RegisterAsync("long", r => r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker");
        var arn = await server.RunAsync(cluster, "long");
        await server.UntilTaskAsync(cluster, arn, "RUNNING");
        var first = agent.Find(arn)!.Payload.GetProperty("roleCredentials");
        var ends = DateTimeOffset.Parse(first.GetProperty("expiration").GetString()!);

        for (var beats = agent.Received("HeartbeatMessage").Count; agent.Received("IAMRoleCredentialsMessage").Count == 0; beats++)
        {
            await agent.UntilReceivedAsync("HeartbeatMessage", beats);
            await agent.UntilHeardAsync();
            Assert.True(_clock.GetUtcNow() < ends, "the old keys have ended");
            _clock.Advance(TimeSpan.FromSeconds(30));
        }
        Assert.True(_clock.GetUtcNow() < ends, "the old keys have ended before");
        var renewed = agent.Received("IAMRoleCredentialsMessage")[0].GetProperty("roleCredentials");
        Assert.Equal(first.GetProperty("credentialsId").GetString(), renewed.GetProperty("credentialsId").GetString());
        Assert.NotEqual(first.GetProperty("accessKeyId").GetString(), renewed.GetProperty("accessKeyId").GetString());
        Assert.True(DateTimeOffset.Parse(renewed.GetProperty("expiration").GetString()!) > ends);
        Assert.Null(agent.ControlEnd);
    }

    [Fact]
    public async Task AnAgentThatStopsAnsweringIsGivenUpAndOneThatNeverDidIsNot()
    {
        await using var server = await AgentServer.StartAsync(_clock);
        var cluster = await server.ClusterAsync();
        await using var silent = await server.JoinedAsync(cluster);
        await using var old = await server.JoinedAsync(cluster, s => s with { Release = AgentRelease.FirstExternal });
        await silent.UntilReceivedAsync("HeartbeatMessage", 1);
        silent.AcknowledgesHeartbeats = false;

        // In step with the other one's heartbeats: five of them are two and a half minutes.
        for (var beats = 1; beats <= 6; beats++)
        {
            await old.UntilReceivedAsync("HeartbeatMessage", beats);
            _clock.Advance(TimeSpan.FromSeconds(30));
        }
        Assert.Equal(Pause.None, AmazonAgent.PauseAfter(await silent.UntilControlEndsAsync()));
        await EcsCloud.UntilAsync("shown as lost", async () =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            return (await server.InstanceAsync(silent)).AgentConnected is true;
        }, connected => !connected);
        Assert.Null(old.ControlEnd);
        Assert.True((await server.InstanceAsync(old)).AgentConnected);
        await silent.ReconnectAsync();
        await EcsCloud.UntilAsync("back", () => server.InstanceAsync(silent), i => i.AgentConnected is true);
    }

    [Fact]
    public async Task APeerThatSendsAndNeverReadsIsGivenUp()
    {
        await using var server = await AgentServer.StartAsync(_clock);
        var cluster = await server.ClusterAsync();
        await using var agent = await server.JoinedAsync(cluster);
        using var deaf = await agent.OpenAsync(agent.TelemetryTarget, window: 2048);
        var frame = agent.Frame("PublishMetricsRequest", []);
        // Its acknowledgements fill what lies between; then the server waits to write, and no longer than its limit.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            using var limit = new CancellationTokenSource(EcsCloud.Patience);
            while (!limit.IsCancellationRequested)
            {
                var sending = deaf.SendAsync(RawSocket.Text, frame);
                while (await Task.WhenAny(sending, Task.Delay(200, limit.Token)) != sending && !limit.IsCancellationRequested)
                {
                    _clock.Advance(TimeSpan.FromSeconds(21));
                }
                await sending.WaitAsync(limit.Token);
            }
        });
    }

    [Fact]
    public async Task ATelemetrySocketWithoutPublicationsHearsHeartbeats()
    {
        await using var server = await AgentServer.StartAsync(_clock);
        var cluster = await server.ClusterAsync();
        await using var agent = await server.JoinedAsync(cluster);
        await agent.UntilAcknowledgedAsync("AckPublishMetric", 1);
        // §6.2: after 60 to 120 s without a word the agent would give up.
        var silence = _clock.GetUtcNow();
        await EcsCloud.UntilAsync("heartbeat", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(agent.Acknowledged("HeartbeatMessage"));
        }, n => n > 0);
        Assert.True(agent.Acknowledged("HeartbeatMessage") > 0);
        Assert.Null(agent.TelemetryEnd);
        Assert.True(_clock.GetUtcNow() > silence);
    }
}
