using Longspan.Api.Ecr;
using Longspan.Api.Iam;
using Longspan.Api.Kms;
using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access.Rules;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access;

/// <summary>A policy names a user or a role, not whoever has the name later.</summary>
public sealed class PrincipalNamesTests
{
    private const string Phoenix = "arn:aws:iam::123456789012:user/phoenix";
    private const string Queue = "orders";

    private static string Allow(string action, string principal = Phoenix) =>
        $$"""{"Version":"2012-10-17", "Statement": [ {"Effect":"Allow","Principal":{"AWS":["123456789012", "{{principal}}"]},"Action":"{{action}}","Resource":"*"} ]}""";

    private static string Trust(string principal = Phoenix) =>
        $$"""{ "Version": "2012-10-17", "Statement": {"Effect":"Allow", "Principal": {"AWS": "{{principal}}"}, "Action": "sts:AssumeRole"} }""";

    /// <summary>How a resource gets a policy that lets phoenix in, how it shows it, and a call that needs it.</summary>
    private sealed record Resource(Func<RuleCloud, string, Task> PutAsync, Func<RuleCloud, Task<string>> ShowAsync, Func<RuleCloud, Caller, Task> UseAsync, string Policy);

    private static readonly Dictionary<string, Resource> s_resources = new()
    {
        ["role"] = new(
            (cloud, policy) => cloud.CallAsync(IamOperations.CreateRole, new() { RoleName = "target", AssumeRolePolicyDocument = policy }),
            async cloud => Uri.UnescapeDataString((await cloud.CallAsync(IamOperations.GetRole, new() { RoleName = "target" })).Role!.AssumeRolePolicyDocument!),
            (cloud, caller) => cloud.CallAsync(StsOperations.AssumeRole, new() { RoleArn = "arn:aws:iam::123456789012:role/target", RoleSessionName = "job" }, caller),
            Trust()),
        ["queue"] = new(
            (cloud, policy) => cloud.CallAsync(SqsOperations.CreateQueue, new() { QueueName = Queue, Attributes = new() { ["Policy"] = policy } }),
            async cloud => (await cloud.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = await UrlAsync(cloud), AttributeNames = ["Policy"] })).Attributes!["Policy"],
            async (cloud, caller) => await cloud.CallAsync(SqsOperations.SendMessage, new() { QueueUrl = await UrlAsync(cloud), MessageBody = "m" }, caller),
            Allow("sqs:SendMessage")),
        ["repository"] = new(
            async (cloud, policy) =>
            {
                await cloud.CallAsync(EcrOperations.CreateRepository, new() { RepositoryName = "api" });
                await cloud.CallAsync(EcrOperations.SetRepositoryPolicy, new() { RepositoryName = "api", PolicyText = policy });
            },
            async cloud => (await cloud.CallAsync(EcrOperations.GetRepositoryPolicy, new() { RepositoryName = "api" })).PolicyText!,
            (cloud, caller) => cloud.CallAsync(EcrOperations.ListImages, new() { RepositoryName = "api" }, caller),
            Allow("ecr:ListImages")),
        ["secret"] = new(
            async (cloud, policy) =>
            {
                await cloud.CallAsync(SecretsManagerOperations.CreateSecret, new() { Name = "s", SecretString = "x", ClientRequestToken = Ids.Uuid() });
                await cloud.CallAsync(SecretsManagerOperations.PutResourcePolicy, new() { SecretId = "s", ResourcePolicy = policy });
            },
            async cloud => (await cloud.CallAsync(SecretsManagerOperations.GetResourcePolicy, new() { SecretId = "s" })).ResourcePolicy!,
            (cloud, caller) => cloud.CallAsync(SecretsManagerOperations.DescribeSecret, new() { SecretId = "s" }, caller),
            Allow("secretsmanager:DescribeSecret")),
        ["key"] = new(
            async (cloud, policy) =>
            {
                var key = (await cloud.CallAsync(KmsOperations.CreateKey, new() { Policy = policy, BypassPolicyLockoutSafetyCheck = true })).KeyMetadata!;
                await cloud.CallAsync(KmsOperations.CreateAlias, new() { AliasName = "alias/k", TargetKeyId = key.KeyId });
            },
            async cloud => (await cloud.CallAsync(KmsOperations.GetKeyPolicy, new() { KeyId = await KeyAsync(cloud) })).Policy!,
            async (cloud, caller) => await cloud.CallAsync(KmsOperations.Encrypt, new() { KeyId = await KeyAsync(cloud), Plaintext = "x"u8.ToArray() }, caller),
            Allow("kms:Encrypt")),
        ["grant"] = new(
            async (cloud, grantee) =>
            {
                var key = (await cloud.CallAsync(KmsOperations.CreateKey, new())).KeyMetadata!;
                await cloud.CallAsync(KmsOperations.CreateAlias, new() { AliasName = "alias/k", TargetKeyId = key.KeyId });
                await cloud.CallAsync(KmsOperations.CreateGrant, new() { KeyId = key.KeyId, GranteePrincipal = grantee, RetiringPrincipal = grantee, Operations = ["Encrypt"] });
                Assert.Single((await cloud.CallAsync(KmsOperations.ListGrants, new() { KeyId = key.KeyId, GranteePrincipal = grantee })).Grants!);
                Assert.Single((await cloud.CallAsync(KmsOperations.ListRetirableGrants, new() { RetiringPrincipal = grantee })).Grants!);
            },
            async cloud => (await cloud.CallAsync(KmsOperations.ListGrants, new() { KeyId = await KeyAsync(cloud) })).Grants!.Single().GranteePrincipal!,
            async (cloud, caller) => await cloud.CallAsync(KmsOperations.Encrypt, new() { KeyId = await KeyAsync(cloud), Plaintext = "x"u8.ToArray() }, caller),
            Phoenix),
    };

    public static TheoryData<string> Resources => [.. s_resources.Keys];

    private static async Task<string> UrlAsync(RuleCloud cloud) => (await cloud.CallAsync(SqsOperations.GetQueueUrl, new() { QueueName = Queue })).QueueUrl!;

    private static async Task<string> KeyAsync(RuleCloud cloud) =>
        (await cloud.CallAsync(KmsOperations.DescribeKey, new() { KeyId = "alias/k" })).KeyMetadata!.KeyId!;

    [Theory, MemberData(nameof(Resources))]
    public async Task WhoIsMadeAgainUnderAnOldNameInheritsNothing(string kind)
    {
        var resource = s_resources[kind];
        await using var cloud = await RuleCloud.StartAsync();
        var first = await cloud.CreateUserAsync("phoenix");
        await resource.PutAsync(cloud, resource.Policy);
        await resource.UseAsync(cloud, first);
        Assert.Equal(Plain(resource.Policy), Plain(await resource.ShowAsync(cloud)));

        await cloud.CallAsync(IamOperations.DeleteUser, new() { UserName = "phoenix" });
        Assert.Contains(first.UserId, await resource.ShowAsync(cloud), StringComparison.Ordinal);
        var second = await cloud.CreateUserAsync("phoenix");
        Assert.StartsWith("AccessDenied", (await Assert.ThrowsAnyAsync<AwsError>(() => resource.UseAsync(cloud, second))).Code, StringComparison.Ordinal);
        Assert.DoesNotContain("user/phoenix", await resource.ShowAsync(cloud), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Resources))]
    public async Task WhoGetsANewNameLosesNothing(string kind)
    {
        var resource = s_resources[kind];
        await using var cloud = await RuleCloud.StartAsync();
        var phoenix = await cloud.CreateUserAsync("phoenix");
        await resource.PutAsync(cloud, resource.Policy);
        await cloud.CallAsync(IamOperations.UpdateUser, new() { UserName = "phoenix", NewUserName = "bennu" });
        await resource.UseAsync(cloud, phoenix with { Arn = "arn:aws:iam::123456789012:user/bennu" });
        Assert.Contains("arn:aws:iam::123456789012:user/bennu", await resource.ShowAsync(cloud), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARoleThatIsMadeAgainIsNotTrusted()
    {
        await using var cloud = await RuleCloud.StartAsync();
        async Task<Caller> WorkerAsync()
        {
            var role = (await cloud.CallAsync(IamOperations.CreateRole, new() { RoleName = "worker", AssumeRolePolicyDocument = Trust("123456789012") })).Role!;
            return new Caller(RuleCloud.Account, "arn:aws:sts::123456789012:assumed-role/worker/job", role.RoleId + ":job", "ASIAOWNKEYOWNKEYOWN1", false)
            {
                Session = new CallerSession { IssuedAt = TimeProvider.System.GetUtcNow(), RoleArn = role.Arn },
            };
        }
        var queue = s_resources["queue"];
        var first = await WorkerAsync();
        await queue.PutAsync(cloud, Allow("sqs:SendMessage", "arn:aws:iam::123456789012:role/worker"));
        await queue.UseAsync(cloud, first);
        await cloud.CallAsync(IamOperations.DeleteRole, new() { RoleName = "worker" });
        var second = await WorkerAsync();
        await Assert.ThrowsAnyAsync<AwsError>(() => queue.UseAsync(cloud, second));
    }

    [Theory]
    [InlineData("arn:aws:iam::123456789012:user/ghost")]
    [InlineData("arn:aws:iam::123456789012:role/ghost")]
    [InlineData("arn:aws:iam::123456789012:group/staff")]
    [InlineData("arn:aws:iam::123456789012:user/*")]
    [InlineData("arn:aws:sqs:lab-1:123456789012:orders")]
    [InlineData("AIDAGHOSTGHOSTGHOST1")]
    [InlineData("ghost")]
    public async Task WhoDoesNotExistIsRefused(string principal)
    {
        await using var cloud = await RuleCloud.StartAsync();
        async Task<AwsError> RefusedAsync(string kind, string policy) => await Assert.ThrowsAnyAsync<AwsError>(() => s_resources[kind].PutAsync(cloud, policy));
        var trust = await RefusedAsync("role", Trust(principal));
        Assert.Equal(("MalformedPolicyDocumentException", $"Invalid principal in policy: \"AWS\":\"{principal}\""), (trust.Code, trust.Message));
        Assert.Equal("InvalidAttributeValue", (await RefusedAsync("queue", Allow("sqs:SendMessage", principal))).Code);
        Assert.Equal("InvalidParameterException", (await RefusedAsync("repository", Allow("ecr:ListImages", principal))).Code);
        Assert.Equal("MalformedPolicyDocumentException", (await RefusedAsync("secret", Allow("secretsmanager:DescribeSecret", principal))).Code);
        Assert.Equal("MalformedPolicyDocumentException", (await RefusedAsync("key", Allow("kms:Encrypt", principal))).Code);
        Assert.Equal("InvalidArnException", (await RefusedAsync("grant", principal)).Code);
    }

    [Theory]
    [InlineData("123456789012")]
    [InlineData("arn:aws:iam::123456789012:root")]
    [InlineData("arn:aws:iam::999999999999:user/of-another-account")]
    [InlineData("arn:aws:sts::123456789012:assumed-role/any/session")]
    [InlineData("*")]
    public async Task OthersStayAsTheyAre(string principal)
    {
        await using var cloud = await RuleCloud.StartAsync();
        await s_resources["role"].PutAsync(cloud, Trust(principal));
        Assert.Equal(Trust(principal), await s_resources["role"].ShowAsync(cloud));
    }

    [Theory]
    [InlineData("""{"Statement":{"Principal":{"AWS":"a"}}}""", """{"Statement":{"Principal":{"AWS":"[a]"}}}""")]
    [InlineData("""{ "Statement" : [{"Sid":"AWS","NotPrincipal":{"Service":["a","b"],"AWS" : ["a", "b"] ,"Federated":"a"}},{"Principal":"*"}]}""", """{ "Statement" : [{"Sid":"AWS","NotPrincipal":{"Service":["a","b"],"AWS" : ["[a]", "[b]"] ,"Federated":"a"}},{"Principal":"*"}]}""")]
    [InlineData("""{"Statement":[{"\u0050rincipal":{"\u0041WS":"\u0061"},"Action":"a"}]}""", """{"Statement":[{"\u0050rincipal":{"\u0041WS":"[a]"},"Action":"a"}]}""")]
    [InlineData("""{"Statement":[{"Principal":{"Service":{"AWS":"a"}},"Condition":{"StringEquals":{"Principal":{"AWS":"a"}}}}]}""", """{"Statement":[{"Principal":{"Service":{"AWS":"a"}},"Condition":{"StringEquals":{"Principal":{"AWS":"a"}}}}]}""")]
    public void OnlyPrincipalsAreReplaced(string policy, string expected) => Assert.Equal(expected, PrincipalTexts.Replace(policy, value => $"[{value}]"));

    // SQS writes a policy anew.
    private static string Plain(string policy) => policy.Replace(" ", "", StringComparison.Ordinal);
}
