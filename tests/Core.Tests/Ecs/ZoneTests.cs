using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Services that are kept spread over sites, and rollouts that listen to alarms.</summary>
public sealed class ZoneTests
{
    private static List<ZonedTask> Tasks(params string[] zones) => [.. zones.Select((z, i) => new ZonedTask($"t{i}", z, i))];

    [Fact]
    public void TheYoungestOfTheFullestZoneMovesToTheEmptiestWithRoom()
    {
        Assert.Equal(new ZoneMove("t2", "a", "b"), ZonePlan.Next(Tasks("a", "a", "a", "b"), ["a", "b"]));
        Assert.Equal(new ZoneMove("t2", "a", "c"), ZonePlan.Next(Tasks("a", "a", "a", "b"), ["a", "b", "c"]));
        Assert.Null(ZonePlan.Next(Tasks("a", "a", "b"), ["a", "b"]));
        Assert.Null(ZonePlan.Next(Tasks("a", "a", "a"), ["a"]));
        Assert.Null(ZonePlan.Next(Tasks("a", "a", "a"), []));
        List<ZonedTask> guarded = [new("t0", "a", 0), new("t1", "a", 1, Protected: true), new("t2", "a", 2, Protected: true)];
        Assert.Equal("t0", ZonePlan.Next(guarded, ["b"])!.Value.TaskId);
        Assert.Null(ZonePlan.Next([.. guarded.Select(t => t with { Protected = true })], ["b"]));
    }

    [Fact]
    public void MovesEndWithNoZoneTwoAheadAndLeaveProtectedTasks()
    {
        var random = new Random(42);
        string[] zones = ["a", "b", "c", "d"];
        for (var round = 0; round < 500; round++)
        {
            var tasks = Enumerable.Range(0, random.Next(1, 30))
                .Select(i => new ZonedTask($"t{i}", zones[random.Next(zones.Length)], i, random.Next(4) == 0)).ToList();
            var open = zones.Where(_ => random.Next(3) > 0).ToList();
            var guarded = tasks.Where(t => t.Protected).ToHashSet();
            var moves = 0;
            while (ZonePlan.Next(tasks, open) is { } move)
            {
                Assert.True(++moves <= tasks.Count, "moves do not end");
                var old = tasks.Single(t => t.Id == move.TaskId);
                Assert.False(old.Protected);
                // The new task first: with it there, the one to give up is still the one that moves.
                List<ZonedTask> both = [.. tasks, new ZonedTask($"n{round}.{moves}", move.To, 100 + moves)];
                Assert.Equal(move.TaskId, ZonePlan.Surplus(both));
                tasks = [.. both.Where(t => t.Id != move.TaskId)];
            }
            Assert.Subset(tasks.ToHashSet(), guarded);
            var least = open.Count == 0 ? int.MaxValue : open.Min(z => tasks.Count(t => t.Zone == z));
            Assert.All(tasks.Where(t => !t.Protected), t => Assert.True(least == int.MaxValue || tasks.Count(o => o.Zone == t.Zone) - least < 2));
        }
    }

    private static EcsAttribute Site(string name) => new() { Name = "site", Value = name };

    [Fact]
    public async Task AServiceSpreadsWhenASiteComesBack()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var north = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: Site("north"));
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 4, LaunchType = "EXTERNAL", AvailabilityZoneRebalancing = "ENABLED",
        });
        await cloud.UntilStableAsync("web", 4);
        await using var south = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: Site("south"));
        await EcsCloud.UntilAsync("two on each side", () => Task.FromResult((north.Running.Count, south.Running.Count)), n => n == (2, 2));
        await cloud.UntilStableAsync("web", 4);
        // Two moves, one after the other, and no more: four tasks at least were there at every moment.
        var stopped = await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web", DesiredStatus = "STOPPED" });
        Assert.Equal(2, stopped.TaskArns!.Count);
        Assert.Empty(north.Overfilled(5));
    }

    [Fact]
    public async Task WhatCannotBeRebalancedIsRefused()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        async Task RefusedAsync(Action<CreateServiceRequest> change)
        {
            var request = new CreateServiceRequest { ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, LaunchType = "EXTERNAL", AvailabilityZoneRebalancing = "ENABLED" };
            change(request);
            Assert.Equal("InvalidParameterException", (await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, request))).Code);
        }
        await RefusedAsync(r => (r.SchedulingStrategy, r.DesiredCount) = ("DAEMON", null));
        await RefusedAsync(r => r.DeploymentConfiguration = new() { MaximumPercent = 100, MinimumHealthyPercent = 50 });
        await RefusedAsync(r => r.PlacementStrategy = [new() { Type = "binpack", Field = "memory" }]);
        await RefusedAsync(r => r.AvailabilityZoneRebalancing = "SOMETIMES");
    }

    [Fact]
    public async Task ARolloutThatAnAlarmHitsIsRolledBack()
    {
        var raised = false;
        await using var cloud = await EcsCloud.StartAsync(alarms: (account, region, names, _) => ValueTask.FromResult<IReadOnlyList<string>>(
            Volatile.Read(ref raised) && (account, region) == (EcsCloud.Account, EcsCloud.Region) ? [.. names.Take(1)] : []));
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        var first = await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, LaunchType = "EXTERNAL",
            DeploymentConfiguration = new() { Alarms = new() { AlarmNames = ["errors", "latency"], Enable = true, Rollback = true } },
        });
        await cloud.UntilStableAsync("web", 1);
        Volatile.Write(ref raised, true);
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", TaskDefinition = "web" });
        var back = await cloud.UntilServiceAsync("web", "rolled back", s => s.TaskDefinition == first.TaskDefinitionArn && s.Deployments!.Count == 1
            && s.Deployments[0].RolloutState == "COMPLETED");
        Assert.Contains(back.Events!, e => e.Message!.EndsWith("deployment failed: alarm detected: errors.", StringComparison.Ordinal));
        var rollout = (await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web" })).ServiceDeployments![0];
        Assert.Equal("ROLLBACK_SUCCESSFUL", rollout.Status);
    }
}
