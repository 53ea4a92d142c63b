using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Link;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Nodes that are lost and come back, over real websockets and a real store.</summary>
public sealed class DisconnectTests
{
    private static readonly EcsAttribute OurNode = new() { Name = NodeCapability.Node, Value = NodeCapability.Version };

    private static CreateServiceRequest Web(int count, params (string Key, string Value)[] tags) => Named("web", count, tags);

    private static CreateServiceRequest Named(string name, int count, params (string Key, string Value)[] tags) => new()
    {
        ServiceName = name, TaskDefinition = "web", DesiredCount = count, LaunchType = "EXTERNAL",
        Tags = [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })],
    };

    /// <summary>Two nodes with one task each; the first one's task runs on while the node is cut off and was replaced on the second.</summary>
    private static async Task<(FakeAgent Cut, FakeAgent Other, string Original)> ReplacedAsync(EcsCloud cloud, string reunion)
    {
        var cut = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        var other = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(
            2, ("longspan:disconnect-replace-after", "1s"), ("longspan:disconnect-reunion", reunion)));
        await cloud.UntilStableAsync("web", 2);
        var original = cut.Running.Single().Arn!;
        await cut.CutAsync();
        await EcsCloud.UntilAsync("replaced", () => Task.FromResult(other.Running.Count), n => n == 2);
        await cloud.UntilServiceAsync("web", "two count", s => s.RunningCount == 2);
        return (cut, other, original);
    }

    private static Task SayAsync(FakeAgent agent, long generation = 1, string? connection = null) => agent.SendAsync(new NodeReportMessage
    {
        NodeName = "n", Generation = generation, Connection = connection,
        Tasks = [.. agent.Running.Select(t => new NodeTaskReport
        {
            TaskArn = t.Arn, DesiredStatus = "RUNNING", KnownStatus = "RUNNING", Family = t.Family, Version = t.Version, ServiceName = t.ServiceName,
        })],
    });

    [Fact]
    public async Task The_end_of_a_task_that_was_reported_before_a_cut_is_not_taken_after_it()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var node = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        await SayAsync(node, connection: "first");
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(1));
        await cloud.UntilStableAsync("web", 1);
        var task = node.Running.Single().Arn!;
        await node.CutAsync();
        await EcsCloud.UntilAsync(
            "noticed", async () => (await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [node.Arn] })).ContainerInstances![0],
            i => i.AgentConnected == false);

        // Between the end of the cut and the new connection, and after it.
        Assert.Equal("ServerException", (await EcsCloud.RefusedAsync(() => cloud.ReportEndAsync(task, "first"))).Code);
        await node.ConnectAsync();
        Assert.Equal("ServerException", (await EcsCloud.RefusedAsync(() => cloud.ReportEndAsync(task, "first"))).Code);
        await SayAsync(node, connection: "second");
        Assert.Equal("ServerException", (await EcsCloud.RefusedAsync(() => cloud.ReportEndAsync(task, "first"))).Code);
        Assert.Equal("RUNNING", (await cloud.TaskAsync(task)).LastStatus);

        await EcsCloud.UntilAsync(
            "taken in the name of the present one", async () =>
            {
                try
                {
                    await cloud.ReportEndAsync(task, "second");
                    return true;
                }
                catch (Longspan.Api.Ecs.ServerException)
                {
                    return false;
                }
            },
            taken => taken);
        Assert.Equal("STOPPED", (await cloud.TaskAsync(task)).LastStatus);
    }

    [Fact]
    public async Task Ends_are_taken_from_a_node_that_is_known_no_more_and_of_tasks_that_were_to_end()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var node = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        await cloud.RegisterAsync("web");
        node.Decide = t => t.DesiredStatus == "STOPPED" ? Behaviour.Ignore : Behaviour.Run;
        await cloud.CallAsync(EcsOperations.CreateService, Web(2));
        await cloud.UntilStableAsync("web", 2);
        var tasks = node.Running.Select(t => t.Arn!).ToList();
        await node.CutAsync();
        await cloud.CallAsync(EcsOperations.StopTask, new() { Task = tasks[0] });
        await cloud.ReportEndAsync(tasks[0], "first");
        Assert.Equal("STOPPED", (await cloud.TaskAsync(tasks[0])).LastStatus);
        await cloud.CallAsync(EcsOperations.DeregisterContainerInstance, new() { ContainerInstance = node.Arn, Force = true });
        await cloud.ReportEndAsync(tasks[1], "first");
    }

    [Fact]
    public async Task A_lost_nodes_task_is_replaced_and_stays_in_view()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var (cut, other, original) = await ReplacedAsync(cloud, "keep-original");
        await using var _ = cut;
        await using var __ = other;
        var seen = await cloud.TaskAsync(original);
        Assert.Equal(("RUNNING", "RUNNING", "DISCONNECTED"), (seen.LastStatus, seen.DesiredStatus, seen.Connectivity));
        var service = await cloud.ServiceAsync("web");
        Assert.Contains(service.Events!, e => e.Message!.Contains("has lost 1 tasks", StringComparison.Ordinal));
        Assert.Equal(3, (await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web" })).TaskArns!.Count);
    }

    [Fact]
    public async Task The_original_stays_and_its_replacement_goes()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var (cut, other, original) = await ReplacedAsync(cloud, "keep-original");
        await using var _ = cut;
        await using var __ = other;
        await cut.ConnectAsync();
        await SayAsync(cut);
        await EcsCloud.UntilAsync("replacement gone", () => Task.FromResult(other.Running.Count), n => n == 1);
        await cloud.UntilServiceAsync("web", "two count", s => s is { RunningCount: 2, Deployments: [{ RolloutState: "COMPLETED" }] });
        Assert.Equal([original], cut.Running.Select(t => t.Arn));
        Assert.Equal("CONNECTED", (await cloud.TaskAsync(original)).Connectivity);
        Assert.DoesNotContain(cut.ReceivedOf<PayloadMessage>(), p => p.Tasks!.Any(t => t.DesiredStatus == "STOPPED"));
    }

    [Fact]
    public async Task The_replacement_stays_and_the_original_goes()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var (cut, other, original) = await ReplacedAsync(cloud, "keep-replacement");
        await using var _ = cut;
        await using var __ = other;
        await cut.ConnectAsync();
        await SayAsync(cut);
        var stopped = await cloud.UntilTaskAsync(original, "STOPPED");
        Assert.Contains("replaced while its container instance was away", stopped.StoppedReason, StringComparison.Ordinal);
        Assert.Equal(2, other.Running.Count);
        Assert.Empty(cut.Running);
    }

    [Fact]
    public async Task What_ended_during_the_cut_is_not_brought_back()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var (cut, other, original) = await ReplacedAsync(cloud, "keep-original");
        await using var _ = cut;
        await using var __ = other;
        await cut.ExitAsync(original, 1);
        await cut.ConnectAsync();
        await SayAsync(cut);
        await cloud.UntilTaskAsync(original, "STOPPED");
        await cloud.UntilServiceAsync("web", "two count", s => s is { RunningCount: 2, PendingCount: 0 });
        Assert.Equal(2, other.Running.Count);
    }

    [Fact]
    public async Task A_node_that_has_lost_a_task_says_so_by_not_naming_it()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var (cut, other, original) = await ReplacedAsync(cloud, "keep-original");
        await using var _ = cut;
        await using var __ = other;
        await cut.ConnectAsync();
        await cut.SendAsync(new NodeReportMessage { NodeName = "n", Generation = 1, Tasks = [] });
        Assert.Equal(UnknownTask.Missing, (await cloud.UntilTaskAsync(original, "STOPPED")).StoppedReason);
    }

    [Fact]
    public async Task External_tasks_are_not_replaced_unless_asked_for()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var cut = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Named("patient", 1));
        await cloud.CallAsync(EcsOperations.CreateService, Web(1));
        await cloud.UntilStableAsync("web", 1);
        await cloud.UntilStableAsync("patient", 1);
        await cut.CutAsync();
        await using var other = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        var arn = (await cloud.ServiceAsync("web")).ServiceArn;
        await cloud.CallAsync(EcsOperations.TagResource, new()
        {
            ResourceArn = arn, Tags = [new Tag { Key = "longspan:disconnect-replace-after", Value = "1" }],
        });
        await EcsCloud.UntilAsync("replaced", () => Task.FromResult(other.Running), r => r.Count > 0);
        Assert.Equal("web", other.Running.Single().ServiceName);
    }

    [Fact]
    public async Task What_happened_while_a_node_was_alone_is_told_when_it_is_back()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: OurNode);
        await cloud.RegisterAsync("web");
        await cloud.CallAsync(EcsOperations.CreateService, Web(1));
        await cloud.UntilStableAsync("web", 1);
        await agent.SendAsync(new NodeReportMessage
        {
            Generation = 1, LostLogEvents = 12,
            Tasks =
            [
                new NodeTaskReport
                {
                    TaskArn = agent.Running.Single().Arn, DesiredStatus = "RUNNING", KnownStatus = "RUNNING", ServiceName = "web",
                    AloneRestarts = 3, LastAloneEnd = "exit code 9", CredentialsExpiredAt = 1_700_000_000,
                },
            ],
        });
        await cloud.UntilServiceAsync("web", "both events", s =>
            s.Events!.Any(e => e.Message!.Contains("3 restarts in place", StringComparison.Ordinal) && e.Message.Contains("exit code 9", StringComparison.Ordinal))
            && s.Events!.Any(e => e.Message!.Contains("whose credentials ended", StringComparison.Ordinal) && e.Message.Contains("2023-11-14T22:13:20Z", StringComparison.Ordinal)));
        await EcsCloud.UntilAsync("the loss is shown", async () =>
            (await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [agent.Arn] }))
                .ContainerInstances!.Single().Attributes!.FirstOrDefault(a => a.Name == NodeCapability.LostLogEvents)?.Value, v => v == "12");
    }

    [Theory]
    [InlineData("longspan:disconnect-replace-after", "soon")]
    [InlineData("longspan:disconnect-replace-after", "0")]
    [InlineData("longspan:disconnect-replace-after", "-5m")]
    [InlineData("longspan:disconnect-replace-after", "31d")]
    [InlineData("longspan:disconnect-reunion", "keep-both")]
    public async Task Values_that_mean_nothing_are_refused(string tag, string value)
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, Web(0, (tag, value))));
        Assert.Equal("InvalidParameterException", refused.Code);
        Assert.Contains(tag, refused.Message, StringComparison.Ordinal);
        var service = (await cloud.CallAsync(EcsOperations.CreateService, Web(0))).Service!;
        foreach (var arn in new[] { service.ServiceArn, service.ClusterArn })
        {
            await EcsCloud.RefusedAsync(() => cloud.CallAsync(
                EcsOperations.TagResource, new() { ResourceArn = arn, Tags = [new Tag { Key = tag, Value = value }] }));
        }
    }
}
