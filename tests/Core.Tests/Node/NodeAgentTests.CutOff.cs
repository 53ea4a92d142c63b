using Longspan.AgentLink;
using Longspan.Node.Engines;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed partial class NodeAgentTests
{
    [Fact]
    public async Task A_services_crash_during_a_cut_is_mended_and_told_when_the_link_is_back()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a") with { ServiceName = "web" }));
        await StateAsync("a", "RUNNING");
        _plane.IsDown = true;
        socket.Abort();
        await UntilRunningAsync(1);
        // The node has to notice the cut first: what ends before is the server's business.
        var container = Assert.Single(await _engine.ListAsync(CancellationToken.None));
        _engine.Exit(container.Id, 9);
        await SoonAsync("up again", async () => (await _engine.ListAsync(CancellationToken.None)).Single().Phase == ContainerPhase.Running);
        _plane.IsDown = false;
        var back = await _plane.ConnectedAsync();
        var told = Assert.Single((await back.ReceivedAsync<NodeReportMessage>()).Tasks!);
        Assert.Equal((1, "exit code 9", "RUNNING"), (told.AloneRestarts, told.LastAloneEnd, told.KnownStatus));
        Assert.DoesNotContain(_plane.Of("SubmitTaskStateChange"), b => (string?)b["status"] == "STOPPED");
    }

    [Fact]
    public async Task The_report_of_an_end_that_was_sent_into_the_cut_does_not_arrive_once_the_task_runs_again()
    {
        await using var cable = new HoldingRelay(_plane.Endpoint);
        Start(Settings with { Endpoint = cable.Endpoint });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a") with { ServiceName = "web" }));
        await StateAsync("a", "RUNNING");
        // The cable is cut, the container dies, and its end is on the way before anyone has noticed the cut.
        cable.Cut();
        var container = Assert.Single(await _engine.ListAsync(CancellationToken.None));
        _engine.Exit(container.Id, 9);
        await cable.HoldsAsync("STOPPED");
        _plane.IsDown = true;
        socket.Abort();
        await UntilRunningAsync(1);
        _plane.IsDown = false;
        await cable.HealAsync();
        var told = Assert.Single((await (await _plane.ConnectedAsync()).ReceivedAsync<NodeReportMessage>()).Tasks!);
        Assert.Equal((1, "RUNNING"), (told.AloneRestarts, told.KnownStatus));
        Assert.DoesNotContain(_plane.Of("SubmitTaskStateChange"), b => (string?)b["status"] == "STOPPED");
    }

    [Fact]
    public async Task A_report_names_the_connection_during_which_it_is_sent()
    {
        Start();
        var socket = await _plane.ConnectedAsync();
        var first = (await socket.ReceivedAsync<NodeReportMessage>()).Connection;
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        Assert.Equal(first, _plane.Calls.Last(c => c.Operation == "SubmitTaskStateChange").Headers.Connection);
        socket.Abort();
        var second = (await (await _plane.ConnectedAsync()).ReceivedAsync<NodeReportMessage>()).Connection;
        Assert.NotEqual(first, second);
        _engine.Exit(Assert.Single(await _engine.ListAsync(CancellationToken.None)).Id, 0);
        await SoonAsync("reported in the name of the second", () => Task.FromResult(_plane.Calls.Any(
            c => c.Operation == "SubmitTaskStateChange" && (string?)c.Body["status"] == "STOPPED" && c.Headers.Connection == second)));
    }

    private Task UntilRunningAsync(int count) => SoonAsync(
        "running", async () => (await _engine.ListAsync(CancellationToken.None)).Count(c => c.Phase == ContainerPhase.Running) == count);

    private static async Task SoonAsync(string state, Func<Task<bool>> reached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await reached())
        {
            Assert.False(limit.IsCancellationRequested, $"not reached: {state}");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
