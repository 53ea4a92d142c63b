using System.Text.Json.Nodes;
using Longspan.Api.Iam;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>What somebody can do who has stolen one machine's identity, against a whole server: nothing about another machine.</summary>
public sealed class MachineIdentityTests
{
    [Fact]
    public async Task A_stolen_machine_reaches_no_other_machine()
    {
        await using var server = await AgentServer.StartAsync();
        var cluster = await server.ClusterAsync();
        await using var victim = await server.JoinedAsync(cluster);
        await using var thief = await server.JoinedAsync(cluster);

        await RefusedAsync(thief, "UpdateContainerInstancesState", new() { ["containerInstances"] = new JsonArray(victim.Arn), ["status"] = "DRAINING" });
        await RefusedAsync(thief, "DeregisterContainerInstance", new() { ["containerInstance"] = victim.Arn, ["force"] = true });
        await RefusedAsync(thief, "RegisterContainerInstance", new() { ["containerInstanceArn"] = victim.Arn });
        await RefusedAsync(thief, "ListTasks", []);
        await RefusedAsync(thief, "DescribeTasks", new() { ["tasks"] = new JsonArray("0123456789abcdef0123456789abcdef") });
        await RefusedAsync(thief, "DescribeTaskDefinition", new() { ["taskDefinition"] = "job" });
        await RefusedAsync(thief, "RunTask", new() { ["taskDefinition"] = "job" });
        await RefusedAsync(thief, "ExecuteCommand", new() { ["task"] = "t", ["command"] = "sh", ["interactive"] = true });
        var ssm = await thief.CallAsync("ssm", "AmazonSSM.DescribeParameters", [], null);
        Assert.Equal("AccessDeniedException", ssm.Code);
        var other = await thief.CallAsync("ssm", "AmazonSSM.UpdateInstanceInformation", new() { ["InstanceId"] = "mi-00000000000000000" }, null);
        Assert.Equal("AccessDeniedException", other.Code);

        // Its own state it may change: that is how a node leaves.
        var own = await thief.CallAsync("UpdateContainerInstancesState", new()
        {
            ["cluster"] = cluster, ["containerInstances"] = new JsonArray(thief.Arn), ["status"] = "DRAINING",
        });
        Assert.Equal(200, own.Status);

        async Task RefusedAsync(AmazonAgent agent, string operation, JsonObject body)
        {
            body["cluster"] = cluster;
            Assert.Equal((operation, "AccessDeniedException"), (operation, (await agent.CallAsync(operation, body)).Code));
        }
    }

    [Fact]
    public async Task A_link_needs_the_permission_to_poll()
    {
        await using var server = await AgentServer.StartAsync();
        await using var agent = await server.JoinedAsync(await server.ClusterAsync());
        await server.CallAsync(IamOperations.CreateUser, new() { UserName = "nobody" });
        var key = (await server.CallAsync(IamOperations.CreateAccessKey, new() { UserName = "nobody" })).AccessKey!;
        var keys = new SigningKeys(key.AccessKeyId!, key.SecretAccessKey!);
        foreach (var (target, action) in new[] { (agent.ControlTarget(), "ecs:Poll"), (agent.TelemetryTarget, "ecs:StartTelemetrySession") })
        {
            var refused = await Assert.ThrowsAsync<HandshakeRefusedException>(() => agent.OpenAsync(target, keys));
            Assert.Contains("AccessDeniedException", refused.Body, StringComparison.Ordinal);
            Assert.Contains(action, refused.Body, StringComparison.Ordinal);
        }
    }
}
