using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>What survives the node's own restart, a cut link, a restart of the machine, and an engine that goes away.</summary>
public sealed class TaskRestartTests
{
    [Fact]
    public async Task Running_containers_are_taken_up_and_left_alone()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.ReportedAsync("a", "RUNNING");
        var id = bench.Container("a").EngineId;
        var started = bench.Container("a").StartedAt;
        await bench.RestartAsync();
        await bench.UntilAsync("looked at", () => bench.Container("a").Stage == Stage.Running ? "" : null);
        Assert.Equal((id, started), (bench.Container("a").EngineId, bench.Container("a").StartedAt));
        Assert.Equal(1, bench.Engine.CreateCount);
        Assert.Single(bench.Sent("a"));
        bench.Engine.Exit(bench.EngineName("a"), 5);
        Assert.Equal(5, (await bench.ReportedAsync("a", "STOPPED")).Containers[0].ExitCode);
    }

    [Fact]
    public async Task What_ended_meanwhile_is_reported_with_its_real_exit_code()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"), TaskBench.Task("b"));
        await bench.ReportedAsync("a", "RUNNING");
        await bench.ReportedAsync("b", "RUNNING");
        var (a, b) = (bench.EngineName("a"), bench.EngineName("b"));
        await bench.Tasks.DisposeAsync();
        bench.Engine.Exit(a, 42);
        await bench.Engine.RemoveAsync(b, CancellationToken.None);
        await bench.RestartAsync();
        Assert.Equal(42, (await bench.ReportedAsync("a", "STOPPED")).Containers[0].ExitCode);
        Assert.StartsWith("ContainerVanishedError", (await bench.ReportedAsync("b", "STOPPED")).Containers[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsent_reports_outlive_a_restart_in_order()
    {
        await using var bench = new TaskBench { IsConnected = false }.Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.RunningAsync("a");
        bench.Engine.Exit(bench.EngineName("a"), 1);
        await bench.UntilAsync("over", () => bench.Tasks.Find(TaskBench.Arn("a"))!.IsOver ? "" : null);
        bench.IsConnected = true;
        await bench.RestartAsync();
        await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal("STOPPED", bench.Sent("a")[^1].Status);
        Assert.Empty(bench.Tasks.Find(TaskBench.Arn("a"))!.Task.Unsent);
    }

    [Fact]
    public async Task After_a_restart_of_the_machine_the_saved_assignment_runs_again_without_the_server()
    {
        await using var bench = new TaskBench().Start("boot-1");
        bench.Accept(TaskBench.Task("a"), TaskBench.Task("b"));
        await bench.ReportedAsync("a", "RUNNING");
        await bench.ReportedAsync("b", "RUNNING");
        bench.Stop("b");
        await bench.ReportedAsync("b", "STOPPED");
        var id = bench.Container("a").EngineId;
        await bench.Tasks.DisposeAsync();
        bench.IsConnected = false;
        bench.Engine.LosePower();
        await bench.RestartAsync("boot-2");
        await bench.UntilAsync("runs again", () => bench.Container("a") is { Stage: Stage.Running, Restarts: 1 } ? "" : null);
        Assert.Equal(id, bench.Container("a").EngineId);
        Assert.Equal(Stage.Stopped, bench.Container("b").Stage);
    }

    [Fact]
    public async Task An_accepted_task_starts_after_a_crash_before_its_first_step()
    {
        await using var bench = new TaskBench().Start();
        bench.Engine.IsDown = true;
        bench.Accept(TaskBench.Task("a"));
        await bench.Tasks.DisposeAsync();
        bench.Engine.IsDown = false;
        await bench.RestartAsync();
        await bench.ReportedAsync("a", "RUNNING");
    }

    [Fact]
    public async Task A_container_made_just_before_a_crash_is_found_by_its_name()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.ReportedAsync("a", "RUNNING");
        await bench.Tasks.DisposeAsync();
        // As if the crash had come before the container was saved.
        var path = Directory.EnumerateFiles(Path.Combine(bench.Folder, "tasks")).Single();
        var saved = StateFolder.Read(path, SavedTaskJson.Default.SavedTask)!;
        saved.Containers[0].EngineId = null;
        saved.Containers[0].Stage = Stage.Pulled;
        StateFolder.Write(path, saved, SavedTaskJson.Default.SavedTask);
        await bench.RestartAsync();
        await bench.RunningAsync("a");
        Assert.Single(await bench.Engine.ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task An_engine_that_goes_away_costs_no_task()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"));
        await bench.ReportedAsync("a", "RUNNING");
        bench.Engine.IsDown = true;
        bench.Accept(TaskBench.Task("b"));
        bench.Tasks.Find(TaskBench.Arn("a"))!.Touch("");
        bench.Engine.IsDown = false;
        await bench.ReportedAsync("b", "RUNNING");
        Assert.Single(bench.Sent("a"));
    }

    [Fact]
    public async Task No_secret_reaches_the_disk()
    {
        await using var bench = new TaskBench().Start();
        var credentials = new IAMRoleCredentials
        {
            CredentialsId = "cid", AccessKeyId = "ASIAX", SecretAccessKey = "very-secret", SessionToken = "token-secret", Expiration = "2030-01-01T00:00:00Z",
        };
        bench.Accept(TaskBench.Task("a") with { RoleCredentials = credentials });
        await bench.ReportedAsync("a", "RUNNING");
        Assert.Equal("very-secret", bench.Credentials.Get("cid")!.SecretAccessKey);
        foreach (var file in Directory.EnumerateFiles(bench.Folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain("secret", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_manifest_names_candidates_and_an_old_one_is_ignored()
    {
        await using var bench = new TaskBench().Start();
        bench.Accept(TaskBench.Task("a"), TaskBench.Task("b"));
        await bench.ReportedAsync("b", "RUNNING");
        var manifest = new TaskManifestMessage
        {
            MessageId = "m", Timeline = 5, Tasks = [new TaskIdentifier { TaskArn = TaskBench.Arn("a"), DesiredStatus = "RUNNING" }],
        };
        var candidate = Assert.Single(bench.Tasks.Compare(manifest)!);
        Assert.Equal(TaskBench.Arn("b"), candidate.TaskArn);
        Assert.Null(bench.Tasks.Compare(manifest));
        Assert.False(bench.Tasks.Find(TaskBench.Arn("b"))!.StopWanted);
        bench.Tasks.Stop([candidate]);
        await bench.ReportedAsync("b", "STOPPED");
        await bench.RestartAsync();
        Assert.Equal(5, bench.Tasks.Generation);
    }

    [Fact]
    public void A_state_folder_has_one_owner()
    {
        var path = Directory.CreateTempSubdirectory("node-test").FullName;
        using (StateFolder.Open(path))
        {
            Assert.Throws<IOException>(() => StateFolder.Open(path));
        }
        StateFolder.Open(path).Dispose();
        Directory.Delete(path, recursive: true);
    }
}
