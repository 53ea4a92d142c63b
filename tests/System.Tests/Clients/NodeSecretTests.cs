using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.SecretsManager;
using Longspan.Api.Ssm;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Secrets and environment files on their way into real containers.</summary>
public sealed class NodeSecretTests(NodeSite site) : IClassFixture<NodeSite>
{
    private const string Value = "hunter2-is-nowhere-else";
    private const string Former = "hunter1-was-before";
    private const string FromFile = "hunter3-is-in-a-file";
    private const string Sleep = "trap 'exit 0' TERM; while true; do sleep 0.2; done";
    private const string Pull = """{"Effect":"Allow","Action":"ecr:*","Resource":"*"}""";

    private async Task<string> DefineAsync(string family, string role, Secret[] secrets, params string[] files) => (await site.Client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
    {
        Family = family, RequiresCompatibilities = ["FARGATE"], NetworkMode = "bridge", Cpu = "256", Memory = "512",
        ExecutionRoleArn = $"arn:aws:iam::{LiveServer.Account}:role/{role}",
        ContainerDefinitions =
        [
            new()
            {
                Name = "main", Image = site.Image, Essential = true, Memory = 32, StopTimeout = 2, Command = ["sh", "-c", Sleep],
                Secrets = [.. secrets], EnvironmentFiles = [.. files.Select(file => new EnvironmentFile { Type = "s3", Value = file })],
            },
        ],
    }, CancellationToken.None)).TaskDefinition!.TaskDefinitionArn!;

    private async Task<string> RunAsync(string definition) => (await site.Client.CallAsync(
        EcsOperations.RunTask, new() { Cluster = NodeSite.Cluster, TaskDefinition = definition, LaunchType = "FARGATE" }, CancellationToken.None)).Tasks!.Single().TaskArn!;

    /// <summary>An execution role that may pull images, and what these statements say.</summary>
    private async Task RoleAsync(string name, params string[] statements)
    {
        await site.Client.CallAsync(IamOperations.CreateRole, new() { RoleName = name, AssumeRolePolicyDocument = NodeSite.Trust("ecs-tasks") }, CancellationToken.None);
        await AllowAsync(name, statements);
    }

    private Task AllowAsync(string role, params string[] statements) => site.Client.CallAsync(IamOperations.PutRolePolicy, new()
    {
        RoleName = role, PolicyName = "read", PolicyDocument = $$"""{"Version":"2012-10-17","Statement":[{{string.Join(',', statements.Prepend(Pull))}}]}""",
    }, CancellationToken.None);

    private static string Allow(string action, string resource) => $$"""{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}""";

    private static string Parameter(string name) => $"arn:aws:ssm:{LiveServer.Region}:{LiveServer.Account}:parameter/{name}";

    [NodeSiteFact]
    public async Task A_container_has_its_secrets_and_nothing_else_has_them()
    {
        const string Role = "parameter-execution";
        await RoleAsync(Role, Allow("ssm:GetParameters", Parameter("db/*")));
        await site.Client.CallAsync(SsmOperations.PutParameter, new() { Name = "/db/password", Type = "SecureString", Value = Value }, CancellationToken.None);
        await site.Client.CallAsync(SsmOperations.PutParameter, new() { Name = "/db/user", Type = "String", Value = "orders" }, CancellationToken.None);
        var family = $"{site.Name}-secret";
        var definition = await DefineAsync(
            family, Role, [new() { Name = "PASSWORD", ValueFrom = "/db/password" }, new() { Name = "DB_USER", ValueFrom = Parameter("db/user") }]);
        var arn = await RunAsync(definition);
        await site.TaskAsync(arn, "RUNNING");

        var environment = await EnvironmentAsync(family);
        Assert.Contains($"PASSWORD={Value}", environment);
        Assert.Contains("DB_USER=orders", environment);
        await NowhereElseAsync("/db/password", definition, arn, Value);
        await StopAsync(arn);

        var missing = await UntilStoppedAsync(await RunAsync(await DefineAsync(family, Role, [new() { Name = "A", ValueFrom = "/db/none" }])));
        Assert.Equal(("TaskFailedToStart", "invalid ssm parameters: /db/none"), (missing.StopCode, missing.StoppedReason![^32..]));
    }

    [NodeSiteFact]
    public async Task Keys_and_stages_of_secrets_and_the_lines_of_files_reach_the_container_alone()
    {
        const string Role = "secret-execution";
        var secret = (string)(await site.Cli.JsonAsync("secretsmanager", "create-secret", "--name", "shop/db", "--secret-string", Login("app", Former)))["ARN"]!;
        await site.Client.CallAsync(SecretsManagerOperations.PutSecretValue, new() { SecretId = secret, SecretString = Login("orders", Value), ClientRequestToken = new string('2', 32) }, CancellationToken.None);
        await site.Cli.TextAsync("s3api", "create-bucket", "--bucket", site.Name);
        var path = Path.Combine(site.StateFolder, "..", "prod.env");
        await File.WriteAllTextAsync(path, $"# of the shop\nTOKEN={FromFile}\nDB_USER=from the file\n");
        await site.Cli.TextAsync("s3api", "put-object", "--bucket", site.Name, "--key", "prod.env", "--body", path);
        var file = $"arn:aws:s3:::{site.Name}/prod.env";
        string[] statements = [Allow("secretsmanager:GetSecretValue", secret), Allow("s3:GetObject", file), Allow("s3:GetBucketLocation", $"arn:aws:s3:::{site.Name}")];
        await RoleAsync(Role, statements);

        var family = $"{site.Name}-keys";
        var definition = await DefineAsync(family, Role,
            [
                new() { Name = "LOGIN", ValueFrom = secret }, new() { Name = "DB_USER", ValueFrom = $"{secret}:user::" },
                new() { Name = "PASSWORD", ValueFrom = $"{secret}:password:AWSCURRENT:" }, new() { Name = "FORMER", ValueFrom = $"{secret}:password:AWSPREVIOUS:" },
            ], file);
        var arn = await RunAsync(definition);
        await site.TaskAsync(arn, "RUNNING");
        var environment = await EnvironmentAsync(family);
        foreach (var line in (string[])[$"LOGIN={Login("orders", Value)}", "DB_USER=orders", $"PASSWORD={Value}", $"FORMER={Former}", $"TOKEN={FromFile}"])
        {
            Assert.Contains(line, environment);
        }
        await NowhereElseAsync("shop/db", definition, arn, Value, Former, FromFile);
        await StopAsync(arn);

        await AllowAsync(Role, statements[1..]);
        await RefusedAsync(definition, $"unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} from secrets manager: AccessDeniedException: ",
            $"assumed-role/{Role}/", $"is not authorized to perform: secretsmanager:GetSecretValue on resource: {secret} because no identity-based policy allows");
        await AllowAsync(Role, statements[0]);
        await RefusedAsync(definition, "ResourceInitializationError: failed to download env files: service call has been retried 1 time(s): AccessDenied: ",
            $"is not authorized to perform: s3:GetObject on resource: {file} because no identity-based policy allows");
        Assert.DoesNotContain(Value, site.Node.Said + site.Server.Process.Said, StringComparison.Ordinal);
    }

    private static string Login(string user, string password) => $$"""{"user":"{{user}}","password":"{{password}}"}""";

    private static async Task<string[]> EnvironmentAsync(string family) =>
        (await Tool.RunAsync("docker", ["exec", Assert.Single(await NodeSite.ContainersAsync(family)), "env"])).Succeeded().Split('\n');

    /// <summary>Not in what the API tells, not in what the processes said, and not where a file of theirs can be read.</summary>
    private async Task NowhereElseAsync(string name, string definition, string task, params string[] values)
    {
        var told = await Task.WhenAll(
            site.Cli.TextAsync("ecs", "describe-tasks", "--cluster", NodeSite.Cluster, "--tasks", task),
            site.Cli.TextAsync("ecs", "describe-task-definition", "--task-definition", definition),
            site.Cli.TextAsync("cloudtrail", "lookup-events"));
        foreach (var folder in (string[])[site.StateFolder, site.Server.Data])
        {
            // Both know of the secret, and neither has its value where it can be read.
            Assert.NotEqual("", await FilesWithAsync(name, folder));
            foreach (var value in values)
            {
                Assert.DoesNotContain(value, string.Join("", [.. told, site.Node.Said, site.Server.Process.Said]), StringComparison.Ordinal);
                Assert.Equal("", await FilesWithAsync(value, folder));
            }
        }
    }

    private async Task StopAsync(string arn)
    {
        await site.Client.CallAsync(EcsOperations.StopTask, new() { Cluster = NodeSite.Cluster, Task = arn }, CancellationToken.None);
        await UntilStoppedAsync(arn);
    }

    private async Task RefusedAsync(string definition, params string[] words)
    {
        var refused = await UntilStoppedAsync(await RunAsync(definition));
        Assert.Equal("TaskFailedToStart", refused.StopCode);
        Assert.StartsWith("ResourceInitializationError: ", refused.StoppedReason, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, refused.StoppedReason, StringComparison.Ordinal));
    }

    private Task<EcsTask> UntilStoppedAsync(string arn) => Until.FoundAsync($"{arn} stopped", async () =>
        await site.TaskAsync(arn) is { LastStatus: "STOPPED" } stopped ? stopped : null);

    private static async Task<string> FilesWithAsync(string text, string folder) => (await Tool.RunAsync("grep", ["-rlsF", text, folder])).Output;
}
