using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.Engines.Fake;
using Longspan.Node.Tasks;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed class TaskEngineTests
{
    private static AgentContainer Container(string name, bool essential = true, params (string On, string Condition)[] dependsOn) => new()
    {
        Name = name, Image = name, Essential = essential,
        DependsOn = [.. dependsOn.Select(d => new AgentDependency { ContainerName = d.On, Condition = d.Condition })],
    };

    [Fact]
    public async Task A_task_runs_and_reports_its_ports()
    {
        await using var bench = new TaskBench().Start();
        Assert.True(bench.Accept(TaskBench.Task("a", new AgentContainer
        {
            Name = "main", Image = "app", PortMappings = [new AgentPortMapping { ContainerPort = 80 }, new() { ContainerPort = 81, HostPort = 8081 }],
        })));
        var report = await bench.ReportedAsync("a", "RUNNING");
        var main = Assert.Single(report.Containers);
        Assert.Equal("RUNNING", main.Status);
        Assert.NotNull(main.RuntimeId);
        Assert.Equal([80, 81], main.Bindings.Select(b => b.ContainerPort));
        Assert.True(main.Bindings[0].HostPort >= 32768);
        Assert.Equal(8081, main.Bindings[1].HostPort);
    }

    [Fact]
    public async Task A_wanted_stop_reports_the_exit_code_once()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.ReportedAsync("a", "RUNNING");
        Assert.True(bench.Stop("a"));
        var report = await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal(143, Assert.Single(report.Containers).ExitCode);
        Assert.NotNull(report.ExecutionStoppedAt);
        bench.Stop("a");
        bench.Accept(TaskBench.Task("a"));
        Assert.Equal(["RUNNING", "STOPPED"], bench.Sent("a").Select(r => r.Status));
        Assert.Equal(1, bench.Engine.CreateCount);
    }

    [Fact]
    public async Task The_end_of_an_essential_container_ends_the_task()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a", Container("main"), Container("side", essential: false)));
        await bench.ReportedAsync("a", "RUNNING");
        bench.Engine.Exit(bench.EngineName("a"), 7);
        var report = await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal(7, report.Containers.Single(c => c.Name == "main").ExitCode);
        Assert.Equal(143, report.Containers.Single(c => c.Name == "side").ExitCode);
    }

    [Fact]
    public async Task The_end_of_another_container_is_reported_and_the_task_goes_on()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a", Container("main"), Container("side", essential: false)));
        await bench.ReportedAsync("a", "RUNNING");
        bench.Engine.Exit(bench.EngineName("a", "side"), 3);
        var report = await bench.UntilAsync("second report", () => bench.Sent("a").Skip(1).FirstOrDefault());
        Assert.Equal("RUNNING", report.Status);
        Assert.Equal(("side", "STOPPED", 3), (report.Containers[0].Name, report.Containers[0].Status, report.Containers[0].ExitCode));
    }

    [Fact]
    public async Task Dependencies_hold_containers_back()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("db", new FakeImage { HealthyAfter = TimeSpan.FromDays(1) });
        bench.Accept(TaskBench.Task("a", Container("db"), Container("init", false, ("db", "HEALTHY")), Container("main", true, ("init", "SUCCESS"))));
        await bench.RunningAsync("a", "db");
        Assert.Equal(Stage.Pulled, await StageAsync(bench, "init"));
        bench.Engine.SetHealth(bench.EngineName("a", "db"), HealthState.Healthy);
        await bench.RunningAsync("a", "init");
        Assert.Null(bench.Container("a", "main").EngineId);
        bench.Engine.Exit(bench.EngineName("a", "init"), 0);
        await bench.RunningAsync("a", "main");
        await bench.ReportedAsync("a", "RUNNING");
    }

    private static async Task<Stage> StageAsync(TaskBench bench, string name)
    {
        await bench.UntilAsync($"{name} pulled", () => bench.Container("a", name).Stage >= Stage.Pulled ? "" : null);
        return bench.Container("a", name).Stage;
    }

    [Fact]
    public async Task A_failed_dependency_ends_its_dependents_with_143()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("init", new FakeImage { RunTime = TimeSpan.FromMilliseconds(1), ExitCode = 1 });
        bench.Accept(TaskBench.Task("a", Container("init", false), Container("main", true, ("init", "SUCCESS"))));
        var report = await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal(143, report.Containers.Single(c => c.Name == "main").ExitCode);
        Assert.Equal(1, bench.Container("a", "init").ExitCode);
    }

    [Fact]
    public async Task Dependents_stop_first()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("main", new FakeImage { HeedsStop = false });
        bench.Accept(TaskBench.Task("a", Container("db"), Container("main", true, ("db", "START"))));
        await bench.ReportedAsync("a", "RUNNING");
        bench.Stop("a");
        var report = await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal(137, report.Containers.Single(c => c.Name == "main").ExitCode);
        Assert.True(bench.Container("a", "db").FinishedAt >= bench.Container("a", "main").FinishedAt);
    }

    [Theory]
    [InlineData("main", "main")]
    [InlineData("main", "nobody")]
    public async Task Unsound_dependencies_are_refused(string from, string on)
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a", Container(from, true, (on, "START"))));
        var report = await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal($"Task dependencies cannot be resolved, taskArn: {TaskBench.Arn("a")}", report.Reason);
        Assert.Equal(0, bench.Engine.CreateCount);
    }

    [Fact]
    public async Task A_missing_image_is_reported_by_its_name()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("app", new FakeImage { Cached = false, PullError = "manifest unknown" });
        bench.Accept(TaskBench.Task("a"));
        var main = Assert.Single((await bench.ReportedAsync("a", "STOPPED")).Containers);
        Assert.Equal("CannotPullContainerError: manifest unknown", main.Reason);
        Assert.Null(main.ExitCode);
        Assert.Null(main.RuntimeId);
    }

    [Fact]
    public async Task A_cached_image_serves_when_the_registry_is_away()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("r.example/app", new FakeImage { Cached = true, PullError = "connection refused", PullFault = EngineFault.Other });
        bench.Accept(TaskBench.Task("a", Container("r.example/app") with { Name = "main" }));
        await bench.ReportedAsync("a", "RUNNING");
        Assert.Equal(1, bench.Engine.PullCount);
    }

    [Fact]
    public async Task An_image_built_here_is_not_asked_for_elsewhere()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.ReportedAsync("a", "RUNNING");
        Assert.Equal(0, bench.Engine.PullCount);
    }

    [Fact]
    public async Task One_pull_serves_all_who_wait_for_the_image()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("app", new FakeImage { Cached = false, PullTime = TimeSpan.FromMilliseconds(200) });
        bench.Accept(TaskBench.Task("a"), TaskBench.Task("b"), TaskBench.Task("c"));
        await bench.ReportedAsync("a", "RUNNING");
        await bench.ReportedAsync("b", "RUNNING");
        await bench.ReportedAsync("c", "RUNNING");
        Assert.Equal(1, bench.Engine.PullCount);
    }

    [Fact]
    public async Task Create_and_start_errors_are_reported()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("c", new FakeImage { CreateError = "bad option" });
        bench.Engine.Script("s", new FakeImage { StartError = "no such file" });
        bench.Accept(TaskBench.Task("a", Container("c")), TaskBench.Task("b", Container("s")));
        Assert.Equal("CannotCreateContainerError: bad option", (await bench.ReportedAsync("a", "STOPPED")).Containers[0].Reason);
        Assert.Equal("CannotStartContainerError: no such file", (await bench.ReportedAsync("b", "STOPPED")).Containers[0].Reason);
    }

    [Fact]
    public async Task A_killed_container_says_that_memory_ran_out()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.ReportedAsync("a", "RUNNING");
        bench.Engine.Exit(bench.EngineName("a"), 137, oomKilled: true);
        Assert.StartsWith("OutOfMemoryError:", (await bench.ReportedAsync("a", "STOPPED")).Containers[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_policy_restarts_in_place_without_a_report()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a", new AgentContainer
        {
            Name = "main", Image = "app", RestartPolicy = new AgentRestartPolicy { Enabled = true, RestartAttemptPeriod = 0, IgnoredExitCodes = [9] },
        }));
        await bench.ReportedAsync("a", "RUNNING");
        bench.Engine.Exit(bench.EngineName("a"), 1);
        await bench.UntilAsync("restart", () => bench.Container("a") is { Restarts: 1, Stage: Stage.Running } ? "" : null);
        Assert.Single(bench.Sent("a"));
        bench.Engine.Exit(bench.EngineName("a"), 9);
        Assert.Equal(9, (await bench.ReportedAsync("a", "STOPPED")).Containers[0].ExitCode);
        Assert.Equal(1, bench.Engine.CreateCount);
    }

    [Fact]
    public async Task A_task_that_does_not_fit_waits_and_keeps_its_place()
    {
        await using var bench = new TaskBench { CpuUnits = 512 }.Start();
        bench.Accept(TaskBench.Task("a"));
        bench.Accept(TaskBench.Task("big", new AgentContainer { Name = "main", Image = "app", Cpu = 512 }));
        bench.Accept(TaskBench.Task("small"));
        await bench.ReportedAsync("a", "RUNNING");
        Assert.Empty(bench.Sent("small"));
        bench.Stop("a");
        await bench.ReportedAsync("big", "RUNNING");
        Assert.Equal(Stage.None, bench.Container("small").Stage);
        bench.Stop("big");
        await bench.ReportedAsync("small", "RUNNING");
    }

    [Fact]
    public async Task A_stop_for_a_waiting_task_needs_no_container()
    {
        await using var bench = new TaskBench { CpuUnits = 256 }.Start();
        bench.Accept(TaskBench.Task("a"));
        bench.Accept(TaskBench.Task("b"));
        bench.Stop("b");
        var main = Assert.Single((await bench.ReportedAsync("b", "STOPPED")).Containers);
        Assert.Null(main.ExitCode);
        Assert.Null(main.RuntimeId);
    }

    [Fact]
    public async Task A_stop_for_an_unknown_task_is_answered()
    {
        await using var bench = new TaskBench().Start();
        Assert.True(bench.Stop("gone"));
        Assert.Equal(
            "TaskStateError: Agent could not progress task's state to stopped", (await bench.ReportedAsync("gone", "STOPPED")).Reason);
    }

    [Fact]
    public async Task A_task_that_makes_no_sense_is_refused_and_its_payload_not_acknowledged()
    {
        await using var bench = new TaskBench().Start();
        Assert.False(bench.Accept(TaskBench.Task("bad") with { NetworkMode = "carrier-pigeon" }, TaskBench.Task("good")));
        Assert.StartsWith(
            "UnrecogniedTaskError: Error loading task - ", (await bench.ReportedAsync("bad", "STOPPED")).Reason, StringComparison.Ordinal);
        await bench.ReportedAsync("good", "RUNNING");
    }

    [Fact]
    public async Task Finished_tasks_are_removed_after_a_while()
    {
        await using var bench = new TaskBench { CleanupWait = TimeSpan.FromMilliseconds(50) }.Start();
        bench.Accept(TaskBench.Task("a") with { Volumes = [new AgentVolume { Name = "scratch", Host = new AgentHostVolume() }] });
        await bench.ReportedAsync("a", "RUNNING");
        bench.Stop("a");
        await bench.UntilAsync("forgotten", () => bench.Tasks.Find(TaskBench.Arn("a")) is null ? "" : null);
        Assert.Empty(await bench.Engine.ListAsync(CancellationToken.None));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(bench.Folder, "tasks")));
    }

    [Fact]
    public async Task In_awsvpc_mode_containers_share_a_namespace_that_no_report_names()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.Script("init", new FakeImage { RunTime = TimeSpan.FromMilliseconds(1) });
        bench.Accept(TaskBench.Task("a", Container("main", true, ("init", "SUCCESS")), Container("init", false)) with { NetworkMode = "awsvpc" });
        var running = await bench.ReportedAsync("a", "RUNNING");
        Assert.Equal(["init", "main"], running.Containers.Select(c => c.Name).Order());
        var owner = bench.Container("a", NetworkOwner.Name);
        Assert.Equal(Stage.Running, owner.Stage);
        bench.Stop("a");
        await bench.ReportedAsync("a", "STOPPED");
        Assert.True(owner.FinishedAt >= bench.Container("a").FinishedAt);
    }

    [Fact]
    public async Task What_the_node_cannot_give_is_refused_rather_than_left_out()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a", Container("main") with { FirelensConfiguration = new AgentFirelens { Type = "fluentd" } }));
        Assert.Equal(
            "ResourceInitializationError: this node does not support FireLens", (await bench.ReportedAsync("a", "STOPPED")).Containers[0].Reason);
        Assert.Equal(0, bench.Engine.CreateCount);
    }

    [Fact]
    public async Task Many_tasks_at_once_all_run_and_all_end()
    {
        await using var bench = new TaskBench { CpuUnits = 1 << 20 }.Start();
        var ids = Enumerable.Range(0, 200).Select(i => $"t{i}").ToList();
        bench.Accept([.. ids.Select(id => TaskBench.Task(id, new AgentContainer { Name = "main", Image = "app", Memory = 1 }))]);
        foreach (var id in ids)
        {
            await bench.ReportedAsync(id, "RUNNING");
        }
        bench.Accept([.. ids.Select(id => new AgentTask { Arn = TaskBench.Arn(id), DesiredStatus = "STOPPED" })]);
        foreach (var id in ids)
        {
            await bench.ReportedAsync(id, "STOPPED");
            Assert.Equal(["RUNNING", "STOPPED"], bench.Sent(id).Select(r => r.Status));
        }
        Assert.Equal(200, bench.Engine.CreateCount);
    }
}
