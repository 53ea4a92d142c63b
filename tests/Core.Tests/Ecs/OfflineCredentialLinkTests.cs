using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Which agents are sent offline credentials, when they are sent anew, and that they are taken back.</summary>
public sealed class OfflineCredentialLinkTests
{
    private const string Tag = "longspan:offline-credentials";
    private static readonly EcsAttribute Roles = new() { Name = "com.amazonaws.ecs.capability.task-iam-role" };
    private static readonly EcsAttribute[] OurNode =
        [Roles, new() { Name = NodeCapability.Node, Value = NodeCapability.Version }, new() { Name = NodeCapability.OfflineCredentials }];

    private static async Task<FakeAgent> JoinAsync(EcsCloud cloud, EcsAttribute[] attributes, bool hasTag = true)
    {
        await cloud.CallAsync(EcsOperations.CreateCluster, new() { Tags = hasTag ? [new() { Key = Tag, Value = "8h" }] : [] });
        return await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: attributes);
    }

    private static async Task<string> RunAsync(EcsCloud cloud)
    {
        await cloud.RegisterAsync("job", r =>
        {
            r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker";
            r.ExecutionRoleArn = "arn:aws:iam::123456789012:role/execution";
        });
        return (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" })).Tasks!.Single().TaskArn!;
    }

    private static Task<IReadOnlyList<OfflineCredentialsMessage>> SentAsync(FakeAgent agent, int count) => EcsCloud.UntilAsync(
        "sent", () => Task.FromResult(agent.ReceivedOf<OfflineCredentialsMessage>()), m => m.Count == count, m => $"{m.Count}");

    [Fact]
    public async Task A_nodes_task_gets_them_for_its_own_role_under_the_usual_id_and_anew_in_every_connection()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await JoinAsync(cloud, OurNode);
        var arn = await RunAsync(cloud);
        var sent = (await SentAsync(agent, 1))[0];
        var usual = agent.ReceivedOf<PayloadMessage>().Single().Tasks!.Single().RoleCredentials!;
        Assert.Equal((arn, usual.CredentialsId), (sent.TaskArn, sent.RoleCredentials!.CredentialsId));
        Assert.NotEqual(usual.SessionToken, sent.RoleCredentials.SessionToken);
        Assert.Equal(usual.Expiration, $"{DateTimeOffset.UnixEpoch.AddSeconds(sent.UsableFrom!.Value):yyyy-MM-ddTHH:mm:ssZ}");
        var asked = Assert.Single(cloud.Sts.Calls, c => c.DurationSeconds == 8 * 3600);
        Assert.EndsWith("/worker", asked.RoleArn, StringComparison.Ordinal);
        await cloud.UntilTaskAsync(arn, "RUNNING");
        await agent.CutAsync();
        await agent.ConnectAsync();
        Assert.Equal(arn, (await SentAsync(agent, 2))[1].TaskArn);
    }

    [Fact]
    public async Task A_tag_that_comes_and_goes_is_followed_at_once()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await JoinAsync(cloud, OurNode, hasTag: false);
        var arn = await RunAsync(cloud);
        await cloud.UntilTaskAsync(arn, "RUNNING");
        Assert.Empty(agent.ReceivedOf<OfflineCredentialsMessage>());
        var cluster = $"arn:aws:ecs:{EcsCloud.Region}:{EcsCloud.Account}:cluster/default";
        await cloud.CallAsync(EcsOperations.TagResource, new() { ResourceArn = cluster, Tags = [new() { Key = Tag, Value = "3h" }] });
        Assert.NotNull((await SentAsync(agent, 1))[0].RoleCredentials);
        await cloud.CallAsync(EcsOperations.UntagResource, new() { ResourceArn = cluster, TagKeys = [Tag] });
        var taken = (await SentAsync(agent, 2))[1];
        Assert.Equal((arn, null), (taken.TaskArn, taken.RoleCredentials));

        // Of what a node holds from an earlier connection it has told itself.
        await agent.CutAsync();
        await agent.ConnectAsync();
        await agent.SendAsync(new NodeReportMessage
        {
            Tasks = [new() { TaskArn = arn, DesiredStatus = "RUNNING", KnownStatus = "RUNNING", HasOfflineCredentials = true }],
        });
        Assert.Null((await SentAsync(agent, 3))[2].RoleCredentials);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Other_agents_and_servers_as_strict_as_AWS_know_nothing_of_them(bool strict)
    {
        await using var cloud = await EcsCloud.StartAsync(strict: strict);
        await using var agent = await JoinAsync(cloud, strict ? OurNode : [Roles]);
        await cloud.UntilTaskAsync(await RunAsync(cloud), "RUNNING");
        // What comes after them in the same connection has come.
        await cloud.UntilTaskAsync(await RunAsync(cloud), "RUNNING");
        Assert.Empty(agent.ReceivedOf<OfflineCredentialsMessage>());
        Assert.DoesNotContain(cloud.Sts.Calls, c => c.DurationSeconds != 3600);
    }

    [Theory]
    [InlineData("1h")]
    [InlineData("24h")]
    public async Task A_tag_that_nobody_would_act_on_is_refused(string value)
    {
        await using var cloud = await EcsCloud.StartAsync();
        var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateCluster, new() { Tags = [new() { Key = Tag, Value = value }] }));
        Assert.Equal("InvalidParameterException", refused.Code);
        Assert.Contains("from 2h to 12h", refused.Message, StringComparison.Ordinal);
    }
}
