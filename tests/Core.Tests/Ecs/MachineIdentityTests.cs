using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Kms;
using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Api.Sts;
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
    public async Task A_stolen_machine_reads_no_secret_and_takes_on_no_role_of_the_tasks_beside_it()
    {
        await using var server = await AgentServer.StartAsync();
        var cluster = await server.ClusterAsync();
        await using var victim = await server.JoinedAsync(cluster);
        await using var thief = await server.JoinedAsync(cluster);
        await server.CallAsync(SsmOperations.PutParameter, new() { Name = "/db/password", Type = "SecureString", Value = "hunter2" });
        var secret = (await server.CallAsync(SecretsManagerOperations.CreateSecret, new() { Name = "db", SecretString = "hunter2", ClientRequestToken = new string('1', 32) })).ARN!;
        var sealedText = (await server.CallAsync(KmsOperations.Encrypt, new() { KeyId = (await server.CallAsync(KmsOperations.CreateKey, new())).KeyMetadata!.KeyId, Plaintext = "hunter2"u8.ToArray() })).CiphertextBlob;
        const string Role = "arn:aws:iam::123456789012:role/";
        await server.RegisterAsync("job", r => (r.TaskRoleArn, r.ExecutionRoleArn) = (Role + "worker", Role + "execution"));
        var arn = (await server.CallAsync(EcsOperations.StartTask, new() { Cluster = cluster, TaskDefinition = "job", ContainerInstances = [victim.Arn!] })).Tasks!.Single().TaskArn!;
        await server.UntilTaskAsync(cluster, arn, "RUNNING");

        var client = server.ClientOf(await thief.Settings.Machine!.KeysAsync());
        await RefusedAsync(EcsOperations.DescribeTasks, new() { Cluster = cluster, Tasks = [arn] });
        await RefusedAsync(EcsOperations.StopTask, new() { Cluster = cluster, Task = arn });
        await RefusedAsync(SsmOperations.GetParameter, new() { Name = "/db/password", WithDecryption = true });
        await RefusedAsync(SsmOperations.GetParameters, new() { Names = ["/db/password"], WithDecryption = true });
        await RefusedAsync(SsmOperations.GetParametersByPath, new() { Path = "/", Recursive = true, WithDecryption = true });
        await RefusedAsync(SsmOperations.GetParameterHistory, new() { Name = "/db/password", WithDecryption = true });
        await RefusedAsync(SecretsManagerOperations.GetSecretValue, new() { SecretId = secret });
        await RefusedAsync(SecretsManagerOperations.BatchGetSecretValue, new() { SecretIdList = [secret] });
        await RefusedAsync(KmsOperations.Decrypt, new() { CiphertextBlob = sealedText });
        await RefusedAsync(StsOperations.AssumeRole, new() { RoleArn = Role + "worker", RoleSessionName = arn[(arn.LastIndexOf('/') + 1)..] });
        await RefusedAsync(StsOperations.AssumeRole, new() { RoleArn = Role + "execution", RoleSessionName = "thief" });
        await RefusedAsync(SsmOperations.CreateActivation, new() { IamRole = "machines" });

        // The link brought the task and its keys to the victim, and to nobody else.
        var id = victim.Find(arn)!.Payload.GetProperty("roleCredentials").GetProperty("credentialsId").GetString()!;
        Assert.NotNull(victim.CredentialsOf(id));
        Assert.Null(thief.Find(arn));
        Assert.Null(thief.CredentialsOf(id));

        async Task RefusedAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
            where TRequest : Shape, new()
            where TResponse : Shape, new()
        {
            var refused = await Assert.ThrowsAnyAsync<AwsError>(() => client.CallAsync(operation, request, default));
            Assert.True(refused.Code is "AccessDenied" or "AccessDeniedException", $"{operation.Name}: {refused.Code} {refused.Message}");
            Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
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
