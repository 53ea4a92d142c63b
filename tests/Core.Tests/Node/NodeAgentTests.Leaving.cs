using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Node;
using Longspan.Node.Engines;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed partial class NodeAgentTests
{
    [Fact]
    public async Task What_is_reserved_is_not_offered()
    {
        Start(Settings with { CpuUnits = 2048, ReservedCpuUnits = 512, MemoryMib = 1000, ReservedMemoryMib = 300, ReservedPorts = [22, 9000] });
        await _plane.ConnectedAsync();
        var offered = _plane.Of("RegisterContainerInstance").Single()["totalResources"]!.AsArray().ToDictionary(r => (string)r!["name"]!, r => r!);
        Assert.Equal((1536, 700), ((int)offered["CPU"]["integerValue"]!, (int)offered["MEMORY"]["integerValue"]!));
        Assert.Equal(["22", "9000"], offered["PORTS"]["stringSetValue"]!.AsArray().Select(p => (string)p!));
    }

    [Fact]
    public async Task Nothing_left_for_tasks_is_a_mistake_in_the_settings()
    {
        Start(Settings with { MemoryMib = 300, ReservedMemoryMib = 300 });
        Assert.Equal(NodeOutcome.Misconfigured, await _run);
    }

    [Fact]
    public async Task A_node_that_drains_goes_when_its_tasks_have_gone_and_takes_tasks_again_when_it_is_back()
    {
        _plane.Answers["UpdateContainerInstancesState"] = _ => (200, "{}");
        var draining = Settings with { DrainLimit = TimeSpan.FromMinutes(5) };
        Start(draining);
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        await _stop.CancelAsync();
        await StateSetAsync("DRAINING");
        Assert.False(_run.IsCompleted);
        await socket.SendAsync(Payload("m2", 2, new AgentTask { Arn = TaskBench.Arn("a"), DesiredStatus = AgentTask.Stopped, Containers = [] }));
        Assert.Equal(NodeOutcome.Stopped, await StopAsync());
        Assert.Contains(_plane.Of("SubmitTaskStateChange"), b => (string?)b["status"] == "STOPPED");
        Start(draining);
        await StateSetAsync("ACTIVE");
        var again = await _plane.ConnectedAsync();
        // Answered heartbeats are what shows that the link is up to the node, too.
        await again.SendAsync(new HeartbeatMessage { MessageId = "h", Healthy = true });
        await again.ReceivedAsync<HeartbeatAckRequest>();
        await StopAsync();
        Start(draining with { DrainLimit = null });
        await _plane.ConnectedAsync();
        Assert.Equal(2, _plane.Of("UpdateContainerInstancesState").Count(b => (string?)b["status"] == "DRAINING"));
    }

    [Fact]
    public async Task Draining_ends_at_its_limit_and_leaves_containers_alone()
    {
        _plane.Answers["UpdateContainerInstancesState"] = _ => (200, "{}");
        Start(Settings with { DrainLimit = TimeSpan.FromMilliseconds(400) });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        Assert.Equal(NodeOutcome.Stopped, await StopAsync());
        Assert.Equal(ContainerPhase.Running, Assert.Single(await _engine.ListAsync(CancellationToken.None)).Phase);
    }

    private Task<JsonObject> StateSetAsync(string status) => _plane.CalledAsync("UpdateContainerInstancesState", b => (string?)b["status"] == status);
}
