using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Secrets on their way from Parameter Store into real containers, driven by Amazon's command line.</summary>
public sealed class NodeSecretTests(NodeSite site) : IClassFixture<NodeSite>
{
    private const string Role = "system-execution";
    private const string Value = "hunter2-is-nowhere-else";
    private const string Sleep = "trap 'exit 0' TERM; while true; do sleep 0.2; done";

    private async Task<string> DefineAsync(string family, params Secret[] secrets) => (await site.Client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
    {
        Family = family, RequiresCompatibilities = ["FARGATE"], NetworkMode = "bridge", Cpu = "256", Memory = "512",
        ExecutionRoleArn = $"arn:aws:iam::{LiveServer.Account}:role/{Role}",
        ContainerDefinitions =
        [
            new() { Name = "main", Image = site.Image, Essential = true, Memory = 32, StopTimeout = 2, Command = ["sh", "-c", Sleep], Secrets = [.. secrets] },
        ],
    }, CancellationToken.None)).TaskDefinition!.TaskDefinitionArn!;

    private async Task<string> RunAsync(string definition) => (string)(await site.Cli.JsonAsync(
        "ecs", "run-task", "--cluster", NodeSite.Cluster, "--task-definition", definition, "--launch-type", "FARGATE"))["tasks"]![0]!["taskArn"]!;

    [NodeSiteFact]
    public async Task A_container_has_its_secrets_and_nothing_else_has_them()
    {
        await site.Client.CallAsync(IamOperations.CreateRole, new() { RoleName = Role, AssumeRolePolicyDocument = NodeSite.Trust("ecs-tasks") }, CancellationToken.None);
        await site.Client.CallAsync(IamOperations.PutRolePolicy, new()
        {
            RoleName = Role, PolicyName = "read",
            PolicyDocument = $$"""
                {"Version":"2012-10-17","Statement":[
                    {"Effect":"Allow","Action":"ecr:*","Resource":"*"},
                    {"Effect":"Allow","Action":["ssm:GetParameters"],"Resource":"arn:aws:ssm:{{LiveServer.Region}}:{{LiveServer.Account}}:parameter/db/*"}]}
                """,
        }, CancellationToken.None);
        await site.Cli.TextAsync("ssm", "put-parameter", "--name", "/db/password", "--type", "SecureString", "--value", Value);
        await site.Cli.TextAsync("ssm", "put-parameter", "--name", "/db/user", "--type", "String", "--value", "orders");
        var family = $"{site.Name}-secret";
        var definition = await DefineAsync(
            family, new Secret { Name = "PASSWORD", ValueFrom = "/db/password" },
            new Secret { Name = "DB_USER", ValueFrom = $"arn:aws:ssm:{LiveServer.Region}:{LiveServer.Account}:parameter/db/user" });
        var arn = await RunAsync(definition);
        await site.TaskAsync(arn, "RUNNING");

        var container = Assert.Single(await NodeSite.ContainersAsync(family));
        var environment = (await Tool.RunAsync("docker", ["exec", container, "env"])).Succeeded().Split('\n');
        Assert.Contains($"PASSWORD={Value}", environment);
        Assert.Contains("DB_USER=orders", environment);
        Assert.DoesNotContain(Value, await site.Cli.TextAsync("ecs", "describe-tasks", "--cluster", NodeSite.Cluster, "--tasks", arn), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, await site.Cli.TextAsync("ecs", "describe-task-definition", "--task-definition", definition), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, site.Node.Said + site.Server.Process.Said, StringComparison.Ordinal);
        foreach (var folder in new[] { site.StateFolder, site.Server.Data })
        {
            // Both know of the parameter, and neither has its value where it can be read.
            Assert.NotEqual("", await FilesWithAsync("/db/password", folder));
            Assert.Equal("", await FilesWithAsync(Value, folder));
        }

        await site.Cli.TextAsync("ecs", "stop-task", "--cluster", NodeSite.Cluster, "--task", arn);
        await site.Cli.TextAsync("ecs", "wait", "tasks-stopped", "--cluster", NodeSite.Cluster, "--tasks", arn);

        var missing = await UntilStoppedAsync(await RunAsync(await DefineAsync(family, new Secret { Name = "A", ValueFrom = "/db/none" })));
        Assert.Equal(("TaskFailedToStart", "invalid ssm parameters: /db/none"), (missing.StopCode, missing.StoppedReason![^32..]));
    }

    private Task<EcsTask> UntilStoppedAsync(string arn) => Until.FoundAsync($"{arn} stopped", async () =>
        await site.TaskAsync(arn) is { LastStatus: "STOPPED" } stopped ? stopped : null);

    private static async Task<string> FilesWithAsync(string text, string folder) => (await Tool.RunAsync("grep", ["-rlsF", text, folder])).Output;
}
