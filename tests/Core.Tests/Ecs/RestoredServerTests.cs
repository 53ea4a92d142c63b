using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Link;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>A server whose data folder was put back to an earlier state, and nodes that have gone on meanwhile.</summary>
public sealed class RestoredServerTests
{
    private static readonly EcsAttribute OurNode = new() { Name = NodeCapability.Node, Value = NodeCapability.Version };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_nodes_run_is_kept_and_reported(bool ours)
    {
        var folder = Directory.CreateTempSubdirectory("longspan-backup-").FullName;
        var backup = folder + "-copy";
        try
        {
            FakeAgent agent;
            await using (var cloud = await EcsCloud.StartAsync(folder))
            {
                agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: ours ? [OurNode] : []);
                await cloud.RegisterAsync("web");
                await cloud.CallAsync(EcsOperations.CreateService, new()
                {
                    ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, LaunchType = "EXTERNAL",
                });
                await cloud.UntilStableAsync("web", 1);
            }
            Copy(folder, backup);
            await using (var cloud = await EcsCloud.StartAsync(folder))
            {
                await agent.ConnectAsync(cloud);
                await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = 3 });
                await cloud.UntilStableAsync("web", 3);
                await agent.CutAsync();
            }
            var running = agent.Running.Select(t => t.Arn!).Order().ToArray();
            var seen = agent.ReceivedOf<TaskManifestMessage>().Max(m => m.Timeline!.Value);
            await using (var restored = await EcsCloud.StartAsync(backup))
            await using (agent)
            {
                await agent.ConnectAsync(restored);
                var manifest = agent.ReceivedOf<TaskManifestMessage>()[^1];
                Assert.True(manifest.Timeline > seen, "an older manifest would be ignored");
                await SayAsync(agent, manifest, ours, seen);
                var unknown = await EcsCloud.UntilAsync(
                    "two unknown tasks", async () => (await restored.CallAsync(EcsOperations.ListTasks, new() { StartedBy = UnknownTask.StartedBy })).TaskArns!,
                    t => t.Count == 2);
                Assert.Equal(running, agent.Running.Select(t => t.Arn!).Order());
                Assert.All(unknown, arn => Assert.Contains(arn, running));
                var service = await restored.UntilServiceAsync("web", "one counts", s => s is { RunningCount: 1, PendingCount: 0 });
                Assert.Equal(ours, service.Events!.Any(e => e.Message!.Contains("does not know (task", StringComparison.Ordinal)));
                await restored.CallAsync(EcsOperations.StopTask, new() { Task = unknown[0] });
                await restored.UntilTaskAsync(unknown[0], "STOPPED");
                Assert.Equal(2, agent.Running.Count);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Delete(backup, recursive: true);
        }
    }

    [Fact]
    public async Task Manifests_get_ahead_of_a_node_that_has_seen_more()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        var future = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds();
        await agent.SendAsync(new NodeReportMessage { Generation = future, Tasks = [] });
        await EcsCloud.UntilAsync(
            "a newer manifest", () => Task.FromResult(agent.ReceivedOf<TaskManifestMessage>()[^1].Timeline), t => t > future);
    }

    // Ours says what it has; others ask before they stop what the manifest does not list.
    private static Task SayAsync(FakeAgent agent, TaskManifestMessage manifest, bool ours, long seen) => agent.SendAsync(ours
        ? new NodeReportMessage
        {
            NodeName = "n", Generation = seen,
            Tasks = [.. agent.Running.Select(t => new NodeTaskReport
            {
                TaskArn = t.Arn, DesiredStatus = "RUNNING", KnownStatus = "RUNNING", Family = t.Family, Version = t.Version, ServiceName = t.ServiceName,
            })],
        }
        : new TaskStopVerificationMessage
        {
            MessageId = manifest.MessageId,
            StopCandidates =
            [
                .. agent.Running.Where(t => manifest.Tasks!.All(m => m.TaskArn != t.Arn))
                    .Select(t => new TaskIdentifier { TaskArn = t.Arn, DesiredStatus = "STOPPED" }),
            ],
        });

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
