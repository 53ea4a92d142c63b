using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Reconcilers;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>A plan that is too large for one commit goes on in further ones, and rests on what they wrote.</summary>
public sealed class LargeServiceTests : IAsyncLifetime
{
    private const string Scope = $"{EcsCloud.Account}/{EcsCloud.Region}/default";
    private EcsCloud _cloud = null!;

    private DocumentLog Documents => _cloud.Cloud.Documents;

    // No pass runs but those of the test.
    public async Task InitializeAsync() => _cloud = await EcsCloud.StartAsync(owners: 0);

    public async Task DisposeAsync() => await _cloud.DisposeAsync();

    [Theory]
    [InlineData(1000, 1000, 3)]
    [InlineData(2500, ServicePass.MaximumStarts * ServicePass.MaximumCommits, ServicePass.MaximumCommits)]
    public async Task OnePassStartsMoreThanOneCommitHolds(int desired, int started, int commits)
    {
        await AddNodesAsync(count: 5, room: 1000);
        await CreateAsync(desired);
        var outcome = await PassAsync();
        Assert.True(outcome is { Acted: true, Conflict: false, WantsCapacity: false }, outcome.ToString());
        var tasks = await TasksAsync();
        Assert.Equal(started, tasks.Count);
        Assert.Equal(commits, (await _cloud.ServiceAsync("web")).Events!.Count(e => e.Message!.Contains("has started", StringComparison.Ordinal)));
        // Spread: as many on each node, and each node's assignment has exactly its tasks.
        Assert.All(tasks.CountBy(t => t.InstanceId), node => Assert.Equal(started / 5, node.Value));
        await AssertAssignedAsync(tasks);

        while (tasks.Count < desired)
        {
            await PassAsync();
            tasks = await TasksAsync();
        }
        await AssertAssignedAsync(tasks);
        Assert.Equal(desired, tasks.Count);
    }

    [Fact]
    public async Task ItEndsWithTheRoomAndSaysSo()
    {
        await AddNodesAsync(count: 2, room: 300);
        await CreateAsync(1000);
        var outcome = await PassAsync();
        Assert.True(outcome is { Acted: true, Conflict: false, WantsCapacity: true }, outcome.ToString());
        var tasks = await TasksAsync();
        Assert.Equal(600, tasks.Count);
        await AssertAssignedAsync(tasks);
        Assert.Contains((await _cloud.ServiceAsync("web")).Events!, e => e.Message!.Contains("was unable to place a task", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatAnotherChangesMeanwhileIsNotOverwritten()
    {
        await AddNodesAsync(count: 1, room: 10);
        var definition = await _cloud.RegisterAsync("app");
        var template = new TaskTemplate
        {
            Definition = (await Documents.GetAsync(EcsKinds.TaskDefinition, $"{EcsCloud.Account}/{EcsCloud.Region}",
                TaskDefinitionDocument.NameOf("app", definition.Revision!.Value), default))!.Value,
            ClusterName = "default", LaunchType = "EC2", Group = "family:app",
        };
        var capacity = await ClusterCapacity.LoadAsync(Documents, Scope, default);
        capacity.Committed((await PlanAsync(capacity, template)).Revision);
        var second = await PlanAsync(capacity, template);
        Assert.True(second.Committed);
        capacity.Committed(second.Revision);

        var other = await ClusterCapacity.LoadAsync(Documents, Scope, default);
        Assert.True((await PlanAsync(other, template)).Committed);
        Assert.Equal(CommitStatus.Conflict, (await PlanAsync(capacity, template)).Status);
        Assert.Equal(3, (await Documents.GetAsync(EcsKinds.Assignment, Scope, "n0", default))!.Value.Entries.Count);
    }

    private async Task<CommitResult> PlanAsync(ClusterCapacity capacity, TaskTemplate template)
    {
        Assert.True(capacity.Plan(template, template.Request(), DateTimeOffset.UnixEpoch).IsPlaced);
        var commit = new Commit();
        capacity.AddTo(commit);
        return await Documents.CommitAsync(commit, default);
    }

    private async Task AddNodesAsync(int count, int room)
    {
        await _cloud.CallAsync(EcsOperations.CreateCluster, new());
        var needed = (await _cloud.RegisterAsync("probe")).RequiresAttributes ?? [];
        for (var i = 0; i < count; i++)
        {
            await Documents.CommitAsync(new Commit().Create(EcsKinds.Instance, Scope, $"n{i}", new ContainerInstanceDocument
            {
                Id = $"n{i}", Arn = $"arn:n{i}", ClusterName = "default", RegisteredAt = DateTimeOffset.UnixEpoch, AgentConnected = true,
                Registered = new InstanceResources(room * 128, room * 64, [], [], []),
            }.WithAttributes(needed.Select(a => new InstanceAttribute(a.Name!, a.Value)))), default);
        }
    }

    private async Task CreateAsync(int desired)
    {
        await _cloud.RegisterAsync("app");
        await _cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "app", LaunchType = "EC2", DesiredCount = desired,
            PlacementStrategy = [new() { Type = "spread", Field = "instanceId" }],
        });
    }

    private async Task<PassOutcome> PassAsync()
    {
        var (service, tasks, instances) = await EcsMirror.ReadAsync(
            Documents, Scope, c => (c.Services["web"].Document!, c.Services["web"].Tasks.ToArray(), c.Instances), default);
        return await new ServicePass(
            _cloud.Cloud, new Turns(), Scope, service, tasks, instances, new HashSet<string>(), DateTimeOffset.UnixEpoch).RunAsync(default);
    }

    private async Task<IReadOnlyList<TaskDocument>> TasksAsync() =>
        [.. (await Documents.ListAsync(EcsKinds.EcsTask, Scope, default)).Select(t => t.Value)];

    private async Task AssertAssignedAsync(IReadOnlyList<TaskDocument> tasks)
    {
        foreach (var assignment in await Documents.ListAsync(EcsKinds.Assignment, Scope, default))
        {
            Assert.Equal(
                tasks.Where(t => t.InstanceId == assignment.Key.Name).Select(t => t.Id).Order(StringComparer.Ordinal),
                assignment.Value.Entries.Select(e => e.TaskId).Order(StringComparer.Ordinal));
        }
    }
}
