using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Ownership of a pass is economy; the documents must stay right with two owners.</summary>
public sealed class OwnerTests
{
    [Fact]
    public async Task TwoOwnersOfEveryPassNeverOverfillANodeOrStartTooMany()
    {
        await using var cloud = await EcsCloud.StartAsync(owners: 2);
        await using var first = await FakeAgent.JoinAsync(cloud, "EXTERNAL", cpu: 100_000, memory: 64 * 7);
        await using var second = await FakeAgent.JoinAsync(cloud, "EXTERNAL", cpu: 100_000, memory: 64 * 7);
        await cloud.RegisterAsync("web");
        foreach (var name in new[] { "a", "b", "c" })
        {
            await cloud.CallAsync(EcsOperations.CreateService, new()
            {
                ServiceName = name, TaskDefinition = "web", DesiredCount = 3, LaunchType = "EXTERNAL",
            });
        }
        await Task.WhenAll(cloud.UntilStableAsync("a", 3), cloud.UntilStableAsync("b", 3), cloud.UntilStableAsync("c", 3));

        // 9 of 14 places are taken; a rollout of all three wants 9 more.
        await cloud.RegisterAsync("web");
        await Task.WhenAll(new[] { "a", "b", "c" }.Select(name => cloud.CallAsync(
            EcsOperations.UpdateService, new() { Service = name, TaskDefinition = "web" })));
        foreach (var name in new[] { "a", "b", "c" })
        {
            await cloud.UntilServiceAsync(name, "rolled out", s =>
                s.Deployments!.Count == 1 && s.Deployments[0].RolloutState == "COMPLETED" && s.RunningCount == 3
                && s.TaskDefinition!.EndsWith(":2", StringComparison.Ordinal));
            Assert.Empty(first.Overfilled(7).Concat(second.Overfilled(7)));
        }
        await EcsCloud.UntilAsync("nothing left over",
            () => Task.FromResult(first.Running.Concat(second.Running).ToArray()), r => r.Length == 9 && r.All(t => t.Version == "2"));
        foreach (var name in new[] { "a", "b", "c" })
        {
            // Every task was started once: no pass has doubled another's work.
            var stopped = await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = name, DesiredStatus = "STOPPED" });
            Assert.Equal(3, stopped.TaskArns!.Count);
        }
    }
}
