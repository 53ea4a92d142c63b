using System.Text.Json.Nodes;
using Longspan.Core.Tests.Sts;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified: a CI job that has an identity token and no keys; groups; instance profiles.</summary>
public sealed class AwsCliFederationTests(LiveServer server) : IClassFixture<LiveServer>
{
    private const string Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}""";
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";

    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AwsCli Cli(string program) => new(program, server.Endpoint, server.Keys);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task A_job_logs_in_with_its_token(string program)
    {
        await using var issuer = await OidcIssuer.StartAsync();
        var admin = Cli(program);
        // Older command lines insist on a thumbprint; plain HTTP on loopback has no certificate that it could be of.
        var provider = (string)(await admin.JsonAsync(
            "iam", "create-open-id-connect-provider", "--url", issuer.Url, "--client-id-list", "sts.amazonaws.com",
            "--thumbprint-list", new string('a', 40)))["OpenIDConnectProviderArn"]!;
        Assert.Equal($"arn:aws:iam::{LiveServer.Account}:oidc-provider/{issuer.Name}", provider);
        var role = (string)(await admin.JsonAsync(
            "iam", "create-role", "--role-name", $"ci-{_own}", "--assume-role-policy-document", TrustOf(provider, issuer.Name)))["Role"]!["Arn"]!;

        // These keys are nobody's: the command line must not sign this call, and the server must not ask for a signature.
        var job = new AwsCli(program, server.Endpoint, new AwsCredentials("AKIAIOSFODNN7EXAMPLE", "not-a-key"));
        Task<JsonNode> LogIn(string token) => job.JsonAsync(
            "sts", "assume-role-with-web-identity", "--role-arn", role, "--role-session-name", "job-1", "--web-identity-token", token);
        var answer = await LogIn(issuer.Token(TimeProvider.System.GetUtcNow()));
        Assert.Equal(("repo:shop", "sts.amazonaws.com"), ((string?)answer["SubjectFromWebIdentityToken"], (string?)answer["Audience"]));
        var keys = new AwsCredentials(
            (string)answer["Credentials"]!["AccessKeyId"]!, (string)answer["Credentials"]!["SecretAccessKey"]!, (string)answer["Credentials"]!["SessionToken"]!);
        var identity = await new AwsCli(program, server.Endpoint, keys).JsonAsync("sts", "get-caller-identity");
        Assert.Equal($"arn:aws:sts::{LiveServer.Account}:assumed-role/ci-{_own}/job-1", (string?)identity["Arn"]);

        async Task<string> Refused(string token) => await job.RefusalAsync(
            "sts", "assume-role-with-web-identity", "--role-arn", role, "--role-session-name", "job-1", "--web-identity-token", token);
        var now = TimeProvider.System.GetUtcNow();
        Assert.Contains("AccessDenied", await Refused(issuer.Token(now, c => c["sub"] = "repo:other")), StringComparison.Ordinal);
        Assert.Contains("InvalidIdentityToken", await Refused(issuer.Token(now, c => c["aud"] = "other")), StringComparison.Ordinal);
        Assert.Contains("ExpiredTokenException", await Refused(issuer.Token(now.AddHours(-2))), StringComparison.Ordinal);
        await admin.TextAsync("iam", "delete-open-id-connect-provider", "--open-id-connect-provider-arn", provider);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Iam_keeps_groups(string program)
    {
        var admin = Cli(program);
        await admin.TextAsync("iam", "create-user", "--user-name", $"u-{_own}");
        var group = await admin.JsonAsync("iam", "create-group", "--group-name", $"g-{_own}");
        Assert.Equal($"arn:aws:iam::{LiveServer.Account}:group/g-{_own}", (string?)group["Group"]!["Arn"]);
        await admin.TextAsync("iam", "add-user-to-group", "--group-name", $"g-{_own}", "--user-name", $"u-{_own}");
        await admin.TextAsync("iam", "put-group-policy", "--group-name", $"g-{_own}", "--policy-name", "queues", "--policy-document", Policy);
        Assert.Equal($"g-{_own}", (string?)(await admin.JsonAsync("iam", "list-groups-for-user", "--user-name", $"u-{_own}"))["Groups"]![0]!["GroupName"]);
        Assert.Equal($"u-{_own}", (string?)(await admin.JsonAsync("iam", "get-group", "--group-name", $"g-{_own}"))["Users"]![0]!["UserName"]);
        var details = await admin.JsonAsync("iam", "get-account-authorization-details", "--filter", "Group");
        var told = details["GroupDetailList"]!.AsArray().Single(g => (string?)g!["GroupName"] == $"g-{_own}")!;
        Assert.Equal("sqs:*", (string?)told["GroupPolicyList"]![0]!["PolicyDocument"]!["Statement"]![0]!["Action"]);
        Assert.Contains("DeleteConflict", await admin.RefusalAsync("iam", "delete-group", "--group-name", $"g-{_own}"), StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Iam_keeps_instance_profiles_and_service_linked_roles(string program)
    {
        var admin = Cli(program);
        await admin.TextAsync("iam", "create-role", "--role-name", $"r-{_own}", "--assume-role-policy-document", Trust);
        await admin.TextAsync("iam", "create-instance-profile", "--instance-profile-name", $"p-{_own}");
        await admin.TextAsync("iam", "add-role-to-instance-profile", "--instance-profile-name", $"p-{_own}", "--role-name", $"r-{_own}");
        var profile = await admin.JsonAsync("iam", "get-instance-profile", "--instance-profile-name", $"p-{_own}");
        Assert.Equal($"r-{_own}", (string?)profile["InstanceProfile"]!["Roles"]![0]!["RoleName"]);

        var suffix = _own[..8];
        var linked = await admin.JsonAsync("iam", "create-service-linked-role", "--aws-service-name", "autoscaling.amazonaws.com", "--custom-suffix", suffix);
        var name = (string)linked["Role"]!["RoleName"]!;
        Assert.Equal($"AWSServiceRoleForAutoScaling_{suffix}", name);
        Assert.Contains("UnmodifiableEntity", await admin.RefusalAsync("iam", "delete-role", "--role-name", name), StringComparison.Ordinal);
        var task = (string)(await admin.JsonAsync("iam", "delete-service-linked-role", "--role-name", name))["DeletionTaskId"]!;
        Assert.Equal("SUCCEEDED", (string?)(await admin.JsonAsync("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task))["Status"]);
    }

    internal static string TrustOf(string provider, string name) => new JsonObject
    {
        ["Version"] = "2012-10-17",
        ["Statement"] = new JsonArray(new JsonObject
        {
            ["Effect"] = "Allow",
            ["Action"] = "sts:AssumeRoleWithWebIdentity",
            ["Principal"] = new JsonObject { ["Federated"] = provider },
            ["Condition"] = new JsonObject
            {
                ["StringEquals"] = new JsonObject { [$"{name}:aud"] = "sts.amazonaws.com" }, ["StringLike"] = new JsonObject { [$"{name}:sub"] = "repo:shop*" },
            },
        }),
    }.ToJsonString();
}
