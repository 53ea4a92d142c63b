using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>What a node does for the services of a server that it cannot reach.</summary>
public sealed class CutOffTests
{
    private static AgentTask OfService(string id) => TaskBench.Task(id) with { ServiceName = "web" };

    private static async Task<TaskBench> CutOffAsync(AgentTask task)
    {
        var bench = new TaskBench().Start();
        bench.Accept(task);
        await bench.ReportedAsync("a", "RUNNING");
        (bench.IsConnected, bench.IsCutOff) = (false, true);
        return bench;
    }

    private static Task<string> AgainAsync(TaskBench bench, int restarts) =>
        bench.UntilAsync("runs again", () => bench.Container("a") is { Stage: Stage.Running } c && c.Restarts == restarts ? c.EngineId : null);

    private static Task OverAsync(TaskBench bench) => bench.UntilAsync("over", () => bench.Tasks.Find(TaskBench.Arn("a"))!.IsOver ? "" : null);

    [Fact]
    public async Task A_services_task_that_crashes_starts_again_in_place_and_the_server_hears_of_no_end()
    {
        await using var bench = await CutOffAsync(OfService("a"));
        var id = bench.Container("a").EngineId;
        bench.Engine.Exit(bench.EngineName("a"), 3);
        Assert.Equal(id, await AgainAsync(bench, 1));
        bench.Engine.Exit(bench.EngineName("a"), 3);
        Assert.Equal(id, await AgainAsync(bench, 2));
        Assert.Equal(1, bench.Engine.CreateCount);
        var task = bench.Tasks.Find(TaskBench.Arn("a"))!.Task;
        Assert.Equal((2, "exit code 3", "RUNNING"), (task.AloneRestarts, task.LastAloneEnd, task.KnownStatus));
        Assert.DoesNotContain(task.Unsent, r => r.Status == "STOPPED");
        (bench.IsConnected, bench.IsCutOff) = (true, false);
        bench.Engine.Exit(bench.EngineName("a"), 4);
        Assert.Equal(4, (await bench.ReportedAsync("a", "STOPPED")).Containers[0].ExitCode);
        Assert.DoesNotContain(bench.Sent("a").SkipLast(1), r => r.Status == "STOPPED");
    }

    [Fact]
    public async Task It_goes_on_after_a_restart_of_the_node()
    {
        await using var bench = await CutOffAsync(OfService("a"));
        bench.Engine.Exit(bench.EngineName("a"), 3);
        await OverAsync(bench);
        await bench.RestartAsync();
        await AgainAsync(bench, 1);
    }

    [Fact]
    public async Task A_container_that_was_removed_is_made_anew()
    {
        await using var bench = await CutOffAsync(OfService("a"));
        var id = bench.Container("a").EngineId;
        await bench.Engine.RemoveAsync(id!, CancellationToken.None);
        await bench.UntilAsync("another container", () => bench.Container("a") is { Stage: Stage.Running } c && c.EngineId != id ? "" : null);
    }

    [Fact]
    public async Task An_unhealthy_task_is_started_again_as_its_service_would()
    {
        var task = OfService("a");
        await using var bench = await CutOffAsync(task with { Containers = [task.Containers![0] with { HealthCheckType = "docker" }] });
        bench.Engine.SetHealth(bench.EngineName("a"), HealthState.Unhealthy);
        await AgainAsync(bench, 1);
        Assert.Equal("Task failed container health checks", bench.Tasks.Find(TaskBench.Arn("a"))!.Task.LastAloneEnd);
    }

    [Fact]
    public async Task What_no_service_wants_ends()
    {
        await using var bench = await CutOffAsync(TaskBench.Task("a"));
        bench.Engine.Exit(bench.EngineName("a"), 3);
        await OverAsync(bench);
        bench.IsConnected = true;
        await bench.RestartAsync();
        await bench.ReportedAsync("a", "STOPPED");
    }

    [Fact]
    public async Task What_the_server_stopped_or_knows_to_have_ended_stays_down()
    {
        await using var bench = await CutOffAsync(OfService("a"));
        bench.Stop("a");
        await OverAsync(bench);
        Assert.True(bench.Tasks.Find(TaskBench.Arn("a"))!.Task.StopAsked);
        bench.IsConnected = true;
        await bench.RestartAsync();
        await bench.ReportedAsync("a", "STOPPED");

        // The end of this one is taken by the server in the moment in which the link goes down.
        bench.Accept(OfService("b"));
        await bench.ReportedAsync("b", "RUNNING");
        bench.Engine.Exit(bench.EngineName("b"), 3);
        await bench.ReportedAsync("b", "STOPPED");
        Assert.True(bench.Tasks.Find(TaskBench.Arn("b"))!.IsOver);
    }

    [Fact]
    public async Task Reports_that_wait_are_few_and_hold_the_latest_word_on_each_container()
    {
        var task = new SavedTask { Task = TaskBench.Task("a") };
        var queue = new ReportQueue(task, () => { });
        queue.Add(Report("RUNNING", ("main", 1)));
        for (var i = 2; i < 1000; i++)
        {
            queue.Add(Report("RUNNING", (i % 2 == 0 ? "main" : "side", i)));
        }
        queue.Add(Report("STOPPED", ("main", 0)));
        Assert.Equal(["RUNNING", "RUNNING", "STOPPED"], task.Unsent.Select(r => r.Status));
        Assert.Equal([("main", 998), ("side", 999)], task.Unsent[1].Containers.Select(c => (c.Name, c.ExitCode!.Value)).Order());
        Assert.True(await queue.TakeBackEndAsync());
        Assert.False(await queue.TakeBackEndAsync());
    }

    [Fact]
    public async Task An_end_that_is_on_its_way_is_given_up_before_it_is_taken_back_and_not_sent_after()
    {
        var task = new SavedTask { Task = TaskBench.Task("a") };
        var queue = new ReportQueue(task, () => { });
        queue.Add(Report("STOPPED", ("main", 1)));
        var end = queue.Oldest!;
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        var attempt = queue.AttemptAsync(
            end,
            async stop =>
            {
                begun.SetResult();
                await Task.WhenAny(Task.Delay(Timeout.Infinite, stop));
                await ended.Task;
                stop.ThrowIfCancellationRequested();
            },
            CancellationToken.None);
        await begun.Task;
        var back = queue.TakeBackEndAsync();
        Assert.False(back.IsCompleted);
        ended.SetResult();
        Assert.True(await back);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt);
        await queue.AttemptAsync(end, _ => throw new InvalidOperationException("sent after all"), CancellationToken.None);
        Assert.Empty(task.Unsent);
    }

    [Fact]
    public async Task An_end_that_the_server_confirms_while_it_is_given_up_stays_told()
    {
        var queue = new ReportQueue(new SavedTask { Task = TaskBench.Task("a") }, () => { });
        queue.Add(Report("STOPPED", ("main", 1)));
        var confirmed = new TaskCompletionSource();
        var attempt = queue.AttemptAsync(queue.Oldest!, _ => confirmed.Task, CancellationToken.None);
        var back = queue.TakeBackEndAsync();
        confirmed.SetResult();
        await attempt;
        Assert.False(await back);
    }

    private static TaskReport Report(string status, (string Name, int Mark) container) => new()
    {
        Status = status, Containers = [new ContainerReport { Name = container.Name, Status = status, ExitCode = container.Mark }],
    };
}
