using Longspan.Api.Ecs;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What takes minutes and hours between an agent and the server, on a clock that the test moves.</summary>
public sealed class AgentClockTests
{
    private readonly ManualClock _clock = new();

    /// <summary>Moves the clock in steps until the state is there: timers of the server's are made while it works.</summary>
    private async Task AdvanceUntilAsync(string state, TimeSpan step, Func<bool> reached)
    {
        await EcsCloud.UntilAsync(state, () =>
        {
            if (!reached())
            {
                _clock.Advance(step);
            }
            return Task.FromResult(reached());
        }, r => r);
    }

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

        await AdvanceUntilAsync("given up", TimeSpan.FromSeconds(10), () => silent.ControlEnd is not null);
        await EcsCloud.UntilAsync("shown as lost", async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return (await server.InstanceAsync(silent)).AgentConnected is true;
        }, connected => !connected);
        Assert.Null(old.ControlEnd);
        Assert.True((await server.InstanceAsync(old)).AgentConnected);
        await silent.ReconnectAsync();
        await EcsCloud.UntilAsync("back", () => server.InstanceAsync(silent), i => i.AgentConnected is true);
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
        await AdvanceUntilAsync("heartbeat", TimeSpan.FromSeconds(5), () => agent.Acknowledged("HeartbeatMessage") > 0);
        Assert.True(agent.Acknowledged("HeartbeatMessage") > 0);
        Assert.Null(agent.TelemetryEnd);
        Assert.True(_clock.GetUtcNow() > silence);
    }
}
