using System.Text.Json.Nodes;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified: who am I, users, keys and roles, hybrid activations.</summary>
public sealed class AwsCliIdentityTests(LiveServer server) : IClassFixture<LiveServer>
{
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";
    private const string Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}""";

    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AwsCli Cli(string program) => new(program, server.Endpoint, server.Keys);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Sts_tells_who_calls(string program)
    {
        var identity = await Cli(program).JsonAsync("sts", "get-caller-identity");
        Assert.Equal(LiveServer.Account, (string?)identity["Account"]);
        Assert.Equal($"arn:aws:iam::{LiveServer.Account}:user/admin", (string?)identity["Arn"]);
        Assert.StartsWith("AIDA", (string?)identity["UserId"], StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Iam_makes_users_whose_keys_work(string program)
    {
        var admin = Cli(program);
        var user = await admin.JsonAsync("iam", "create-user", "--user-name", $"u-{_own}", "--tags", "Key=team,Value=orders");
        Assert.Equal($"arn:aws:iam::{LiveServer.Account}:user/u-{_own}", (string?)user["User"]!["Arn"]);
        var key = (await admin.JsonAsync("iam", "create-access-key", "--user-name", $"u-{_own}"))["AccessKey"]!;
        var mine = new AwsCli(program, server.Endpoint, new AwsCredentials((string)key["AccessKeyId"]!, (string)key["SecretAccessKey"]!));
        Assert.Equal($"arn:aws:iam::{LiveServer.Account}:user/u-{_own}", (string?)(await mine.JsonAsync("sts", "get-caller-identity"))["Arn"]);

        await admin.TextAsync("iam", "update-access-key", "--user-name", $"u-{_own}", "--access-key-id", (string)key["AccessKeyId"]!, "--status", "Inactive");
        Assert.Contains("InvalidClientTokenId", await mine.RefusalAsync("sts", "get-caller-identity"), StringComparison.Ordinal);
        Assert.Contains("DeleteConflict", await admin.RefusalAsync("iam", "delete-user", "--user-name", $"u-{_own}"), StringComparison.Ordinal);
        await admin.TextAsync("iam", "delete-access-key", "--user-name", $"u-{_own}", "--access-key-id", (string)key["AccessKeyId"]!);
        await admin.TextAsync("iam", "delete-user", "--user-name", $"u-{_own}");
        Assert.Contains("NoSuchEntity", await admin.RefusalAsync("iam", "get-user", "--user-name", $"u-{_own}"), StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Iam_keeps_roles_and_their_policies(string program)
    {
        var admin = Cli(program);
        var role = await admin.JsonAsync("iam", "create-role", "--role-name", $"r-{_own}", "--assume-role-policy-document", Trust);
        Assert.Equal($"arn:aws:iam::{LiveServer.Account}:role/r-{_own}", (string?)role["Role"]!["Arn"]);
        await admin.TextAsync("iam", "put-role-policy", "--role-name", $"r-{_own}", "--policy-name", "queues", "--policy-document", Policy);
        var kept = await admin.JsonAsync("iam", "get-role-policy", "--role-name", $"r-{_own}", "--policy-name", "queues");
        Assert.Equal("sqs:*", (string?)kept["PolicyDocument"]!["Statement"]![0]!["Action"]);
        var arn = (string)(await admin.JsonAsync("iam", "create-policy", "--policy-name", $"p-{_own}", "--policy-document", Policy))["Policy"]!["Arn"]!;
        await admin.TextAsync("iam", "attach-role-policy", "--role-name", $"r-{_own}", "--policy-arn", arn);
        var attached = await admin.JsonAsync("iam", "list-attached-role-policies", "--role-name", $"r-{_own}");
        Assert.Equal(arn, (string?)attached["AttachedPolicies"]![0]!["PolicyArn"]);
        var roles = await admin.JsonAsync("iam", "list-roles");
        Assert.Contains(roles["Roles"]!.AsArray(), found => (string?)found!["RoleName"] == $"r-{_own}");
        Assert.Equal("ecs-tasks.amazonaws.com", (string?)(await admin.JsonAsync("iam", "get-role", "--role-name", $"r-{_own}"))
            ["Role"]!["AssumeRolePolicyDocument"]!["Statement"]![0]!["Principal"]!["Service"]);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Ssm_makes_activations(string program)
    {
        var admin = Cli(program);
        await admin.TextAsync("iam", "create-role", "--role-name", $"n-{_own}", "--assume-role-policy-document", Trust.Replace("ecs-tasks", "ssm", StringComparison.Ordinal));
        var activation = await admin.JsonAsync("ssm", "create-activation", "--iam-role", $"n-{_own}", "--registration-limit", "3", "--default-instance-name", "shop-1");
        Assert.True(Guid.TryParse((string?)activation["ActivationId"], out _));
        Assert.Equal(20, ((string?)activation["ActivationCode"])!.Length);
        var listed = (await admin.JsonAsync("ssm", "describe-activations"))["ActivationList"]!.AsArray().Single(a => (string?)a!["ActivationId"] == (string?)activation["ActivationId"])!;
        Assert.Equal((3, 0), ((int)listed["RegistrationLimit"]!, (int)listed["RegistrationsCount"]!));
        Assert.Empty((await admin.JsonAsync("ssm", "describe-instance-information"))["InstanceInformationList"]!.AsArray());
        await admin.TextAsync("ssm", "delete-activation", "--activation-id", (string)activation["ActivationId"]!);
        Assert.Contains("InvalidActivation", await admin.RefusalAsync("ssm", "delete-activation", "--activation-id", (string)activation["ActivationId"]!), StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Ssm_keeps_parameters(string program)
    {
        var admin = Cli(program);
        Assert.Equal(1, (int)(await admin.JsonAsync("ssm", "put-parameter", "--name", $"/{_own}/db", "--type", "SecureString", "--value", "s3cret"))["Version"]!);
        Assert.Contains("ParameterAlreadyExists", await admin.RefusalAsync("ssm", "put-parameter", "--name", $"/{_own}/db", "--type", "SecureString", "--value", "other"), StringComparison.Ordinal);
        Assert.NotEqual("s3cret", (string?)(await admin.JsonAsync("ssm", "get-parameter", "--name", $"/{_own}/db"))["Parameter"]!["Value"]);
        Assert.Equal("s3cret", (string?)(await admin.JsonAsync("ssm", "get-parameter", "--name", $"/{_own}/db", "--with-decryption"))["Parameter"]!["Value"]);
        var below = await admin.JsonAsync("ssm", "get-parameters-by-path", "--path", $"/{_own}");
        Assert.Equal($"/{_own}/db", (string?)below["Parameters"]!.AsArray().Single()!["Name"]);
        await admin.TextAsync("ssm", "delete-parameter", "--name", $"/{_own}/db");
        Assert.Contains("ParameterNotFound", await admin.RefusalAsync("ssm", "get-parameter", "--name", $"/{_own}/db"), StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task A_role_that_is_assumed_acts_as_itself(string program)
    {
        var admin = Cli(program);
        var trust = new JsonObject
        {
            ["Version"] = "2012-10-17",
            ["Statement"] = new JsonArray(new JsonObject
            {
                ["Effect"] = "Allow", ["Action"] = "sts:AssumeRole", ["Principal"] = new JsonObject { ["AWS"] = $"arn:aws:iam::{LiveServer.Account}:root" },
            }),
        };
        var arn = (string)(await admin.JsonAsync("iam", "create-role", "--role-name", $"a-{_own}", "--assume-role-policy-document", trust.ToJsonString()))["Role"]!["Arn"]!;
        var session = (await admin.JsonAsync("sts", "assume-role", "--role-arn", arn, "--role-session-name", "shift"))["Credentials"]!;
        var keys = new AwsCredentials((string)session["AccessKeyId"]!, (string)session["SecretAccessKey"]!, (string)session["SessionToken"]!);
        var identity = await new AwsCli(program, server.Endpoint, keys).JsonAsync("sts", "get-caller-identity");
        Assert.Equal($"arn:aws:sts::{LiveServer.Account}:assumed-role/a-{_own}/shift", (string?)identity["Arn"]);
        Assert.Contains("InvalidClientTokenId", await new AwsCli(program, server.Endpoint, keys with { SessionToken = null }).RefusalAsync("sts", "get-caller-identity"), StringComparison.Ordinal);
    }
}
