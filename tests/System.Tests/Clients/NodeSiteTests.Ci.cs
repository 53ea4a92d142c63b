using System.Runtime.CompilerServices;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Core.Tests.Sts;
using Longspan.System.Tests.Node;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

// What a CI server does, with the sample's policy for it and nothing besides.
public sealed partial class NodeSiteTests
{
    private const string Deployed = "orders-web";
    private const string ExecutionRole = "orders-execution";

    [NodeSiteFact]
    public async Task A_ci_server_deploys_with_a_token_or_with_a_key_and_may_do_nothing_else()
    {
        await site.Client.CallAsync(EcrOperations.CreateRepository, new() { RepositoryName = "orders/web" }, CancellationToken.None);
        await site.Client.CallAsync(IamOperations.CreateRole, new() { RoleName = ExecutionRole, AssumeRolePolicyDocument = NodeSite.Trust("ecs-tasks") }, CancellationToken.None);
        await site.Client.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = ExecutionRole, PolicyName = "p", PolicyDocument = SamplePolicy("execution") }, CancellationToken.None);
        var family = $"{site.Name}-ci";
        foreach (var service in (string[])[Deployed, "other"])
        {
            await site.Client.CallAsync(EcsOperations.CreateService, new()
            {
                Cluster = NodeSite.Cluster, ServiceName = service, TaskDefinition = await site.DefineAsync(family, Sleep), LaunchType = "FARGATE", DesiredCount = service == "other" ? 0 : 1,
            }, CancellationToken.None);
        }

        await using var issuer = await OidcIssuer.StartAsync();
        var job = await LogInAsync(issuer);
        await DeploysAsync(job, family, "by-token");
        await DeploysAsync(await UserAsync(), family, "by-key");

        var (repeat, role) = (await site.RunningAsync(Deployed), $"arn:aws:iam::{LiveServer.Account}:role/{NodeSite.TaskRole}");
        var refused = await Task.WhenAll(
            job.RefusalAsync("ecs", "update-service", "--cluster", NodeSite.Cluster, "--service", "other", "--desired-count", "1"),
            RegisterAsync(job, family, "by-key", "--task-role-arn", role).ContinueWith(refusal => refusal.Result.Failed(), TaskScheduler.Default),
            job.RefusalAsync("ecs", "run-task", "--cluster", NodeSite.Cluster, "--task-definition", family));
        Assert.Contains($"is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:{LiveServer.Region}:{LiveServer.Account}:service/{NodeSite.Cluster}/other ", refused[0], StringComparison.Ordinal);
        Assert.Contains($"is not authorized to perform: iam:PassRole on resource: {role} ", refused[1], StringComparison.Ordinal);
        Assert.Contains("is not authorized to perform: ecs:RunTask on resource: ", refused[2], StringComparison.Ordinal);
        Assert.Equal(repeat, await site.RunningAsync(Deployed));

        await site.Client.CallAsync(EcsOperations.DeleteService, new() { Cluster = NodeSite.Cluster, Service = Deployed, Force = true }, CancellationToken.None);
        await Until.TrueAsync("no container is left", async () => (await NodeSite.ContainersAsync(family)).Length == 0);
        await Tool.RunAsync("docker", ["image", "rm", ImageOf("by-token"), ImageOf("by-key")]);
    }

    /// <summary>A job without keys trades the token that its CI server gave it.</summary>
    private async Task<AwsCli> LogInAsync(OidcIssuer issuer)
    {
        var provider = (await site.Client.CallAsync(
            IamOperations.CreateOpenIDConnectProvider, new() { Url = issuer.Url, ClientIDList = ["sts.amazonaws.com"] }, CancellationToken.None)).OpenIDConnectProviderArn!;
        var role = (await site.Client.CallAsync(
            IamOperations.CreateRole, new() { RoleName = "deployer", AssumeRolePolicyDocument = AwsCliFederationTests.TrustOf(provider, issuer.Name) }, CancellationToken.None)).Role!.Arn!;
        await site.Client.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = "deployer", PolicyName = "deploy", PolicyDocument = SamplePolicy("ci") }, CancellationToken.None);
        var nobody = new AwsCli(Tool.Find("aws").First(), site.Server.Endpoint, new AwsCredentials("AKIAIOSFODNN7EXAMPLE", "not-a-key"));
        var session = (await nobody.JsonAsync(
            "sts", "assume-role-with-web-identity", "--role-arn", role, "--role-session-name", "run-1", "--web-identity-token", issuer.Token(TimeProvider.System.GetUtcNow())))["Credentials"]!;
        return As((string)session["AccessKeyId"]!, (string)session["SecretAccessKey"]!, (string)session["SessionToken"]!);
    }

    private async Task<AwsCli> UserAsync()
    {
        await site.Client.CallAsync(IamOperations.CreateUser, new() { UserName = "jenkins" }, CancellationToken.None);
        await site.Client.CallAsync(IamOperations.PutUserPolicy, new() { UserName = "jenkins", PolicyName = "deploy", PolicyDocument = SamplePolicy("ci") }, CancellationToken.None);
        var key = (await site.Client.CallAsync(IamOperations.CreateAccessKey, new() { UserName = "jenkins" }, CancellationToken.None)).AccessKey!;
        return As(key.AccessKeyId!, key.SecretAccessKey!, null);
    }

    private AwsCli As(string id, string secret, string? token) => new(Tool.Find("aws").First(), site.Server.Endpoint, new AwsCredentials(id, secret, token));

    private async Task DeploysAsync(AwsCli ci, string family, string tag)
    {
        var password = (await ci.TextAsync("ecr", "get-login-password")).Trim();
        (await Tool.RunAsync("skopeo", [
            "copy", "--dest-tls-verify=false", "--dest-creds", $"AWS:{password}", $"docker-daemon:{DockerForTests.Image}", $"docker://{ImageOf(tag)}"])).Succeeded();
        (await RegisterAsync(ci, family, tag)).Succeeded();
        await ci.TextAsync("ecs", "update-service", "--cluster", NodeSite.Cluster, "--service", Deployed, "--task-definition", family);
        // The command line looks every fifteen seconds: it is asked when its first look ends it.
        await StableAsync(Deployed, 1);
        await ci.TextAsync("ecs", "wait", "services-stable", "--cluster", NodeSite.Cluster, "--services", Deployed);
        var running = await site.TaskAsync((await site.RunningAsync(Deployed)).Single());
        Assert.Equal((ImageOf(tag), "RUNNING"), (running.Containers![0].Image, running.LastStatus));
    }

    private Task<ToolResult> RegisterAsync(AwsCli ci, string family, string tag, params string[] more) => ci.RunAsync([
        "ecs", "register-task-definition", "--family", family, "--requires-compatibilities", "FARGATE", "--network-mode", "bridge", "--cpu", "256", "--memory", "512",
        "--execution-role-arn", $"arn:aws:iam::{LiveServer.Account}:role/{ExecutionRole}",
        "--container-definitions", $$"""[{"name":"main","image":"{{ImageOf(tag)}}","essential":true,"stopTimeout":2,"command":["sh","-c","{{Sleep}}"]}]""", .. more]);

    private string ImageOf(string tag) => $"127.0.0.1:{site.Server.Port}/orders/web:{tag}";

    private static string SamplePolicy(string name, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "samples", "Orders", "policies", $"orders-{name}.json"))
            .Replace("${AWS_REGION}", LiveServer.Region, StringComparison.Ordinal).Replace("${AWS_ACCOUNT_ID}", LiveServer.Account, StringComparison.Ordinal)
            .Replace("${CLUSTER}", NodeSite.Cluster, StringComparison.Ordinal);
}
