using Longspan.Api.Iam;
using Longspan.Api.Kms;
using Longspan.Api.SecretsManager;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Services.SecretsManager;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

/// <summary>Users with few rights, secrets with policies, and keys that not everybody may use.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task WhoMayReadASecretReadsThatSecretAndNoOther()
    {
        await using var cloud = await StartAsync();
        await CreateAsync(cloud, "shop/db");
        await CreateAsync(cloud, "shop/mail");
        var app = await UserAsync(cloud, "app", Allow("secretsmanager:GetSecretValue", "secret:shop/db-??????"));
        // The account's own key is used through Secrets Manager: that asks nothing of the reader.
        Assert.Equal("value of shop/db", await ReadAsync(cloud, app, "shop/db"));
        var refused = await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, app, "shop/mail"));
        Assert.Equal("AccessDeniedException", refused.Code);
        Assert.Matches(
            "^User: arn:aws:iam::123456789012:user/app is not authorized to perform: secretsmanager:GetSecretValue on resource: "
            + "arn:aws:secretsmanager:lab-1:123456789012:secret:shop/mail-[A-Za-z0-9]{6} because no identity-based policy allows", refused.Message);
        // Whether a secret exists is nobody's business who may not read it.
        Assert.Equal("AccessDeniedException", (await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, app, "shop/none"))).Code);
        Assert.Equal("AccessDeniedException", (await SecretsCloud.RefusedAsync(() => cloud.CallAsync(
            SecretsManagerOperations.DescribeSecret, new DescribeSecretRequest { SecretId = "shop/db" }, app))).Code);
    }

    [Fact]
    public async Task ABatchGivesWhatMayBeRead()
    {
        await using var cloud = await StartAsync();
        await CreateAsync(cloud, "a");
        await CreateAsync(cloud, "b");
        var app = await UserAsync(cloud, "app", Allow("secretsmanager:GetSecretValue", "secret:a-*"), Allow("secretsmanager:BatchGetSecretValue", null));
        var batch = await cloud.CallAsync(
            SecretsManagerOperations.BatchGetSecretValue, new BatchGetSecretValueRequest { SecretIdList = ["a", "b"] }, app);
        Assert.Equal("a", Assert.Single(batch.SecretValues!).Name);
        Assert.Equal(("b", "AccessDeniedException"), (Assert.Single(batch.Errors!).SecretId, batch.Errors![0].ErrorCode));
    }

    [Fact]
    public async Task ASecretsOwnPolicyLetsInAndKeepsOut()
    {
        await using var cloud = await StartAsync();
        await CreateAsync(cloud, "s");
        var app = await UserAsync(cloud, "app");
        Task Put(string effect) => cloud.CallAsync(SecretsManagerOperations.PutResourcePolicy, new PutResourcePolicyRequest
        {
            SecretId = "s",
            ResourcePolicy = $$"""
                {"Version":"2012-10-17","Statement":{"Effect":"{{effect}}","Principal":{"AWS":"{{app.Arn}}"},"Action":"secretsmanager:GetSecretValue","Resource":"*",
                 "Condition":{"StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"} } } }
                """,
        });
        Assert.Equal("AccessDeniedException", (await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, app, "s"))).Code);
        await Put("Allow");
        Assert.Equal("value of s", await ReadAsync(cloud, app, "s"));
        Assert.Equal("AccessDeniedException", (await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, app, "s", "AWSPREVIOUS"))).Code);
        await Put("Deny");
        await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest
        {
            UserName = "app", PolicyName = "all", PolicyDocument = Allow("secretsmanager:*", null),
        });
        var refused = await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, app, "s"));
        Assert.EndsWith("with an explicit deny in a resource-based policy", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASecretUnderAKeyNeedsTheKeyToo()
    {
        await using var cloud = await StartAsync();
        var key = (await cloud.CallAsync(KmsOperations.CreateKey, new CreateKeyRequest())).KeyMetadata!;
        await CreateAsync(cloud, "s", key.Arn);
        var app = await UserAsync(cloud, "app", Allow("secretsmanager:*", null));
        foreach (var call in (Func<Task>[])[() => ReadAsync(cloud, app, "s"), () => CreateAsync(cloud, "t", key.Arn, app)])
        {
            var refused = await SecretsCloud.RefusedAsync(call);
            Assert.Equal(("AccessDeniedException", "Access to KMS is not allowed"), (refused.Code, refused.Message));
        }
        await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest
        {
            UserName = "app", PolicyName = "key",
            PolicyDocument = $$"""
                {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"{{key.Arn}}",
                 "Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.lab-1.amazonaws.com"},
                              "StringLike":{"kms:EncryptionContext:SecretARN":"arn:aws:secretsmanager:*:*:secret:s-*"} } } }
                """,
        });
        Assert.Equal("value of s", await ReadAsync(cloud, app, "s"));
        Assert.Equal("AccessDeniedException", (await SecretsCloud.RefusedAsync(() => CreateAsync(cloud, "t", key.Arn, app))).Code);

        await cloud.CallAsync(KmsOperations.DisableKey, new DisableKeyRequest { KeyId = key.KeyId });
        Assert.Equal("DecryptionFailure", (await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, app, "s"))).Code);
        Assert.Equal("EncryptionFailure", (await SecretsCloud.RefusedAsync(() => CreateAsync(cloud, "t", key.Arn))).Code);
        Assert.Equal("EncryptionFailure", (await SecretsCloud.RefusedAsync(() => CreateAsync(cloud, "t", "alias/none"))).Code);
    }

    [Fact]
    public async Task AnotherKeyTakesTheVersionsThatAreInUse()
    {
        await using var cloud = await StartAsync();
        var key = (await cloud.CallAsync(KmsOperations.CreateKey, new CreateKeyRequest())).KeyMetadata!;
        await CreateAsync(cloud, "s");
        await cloud.CallAsync(SecretsManagerOperations.UpdateSecret, new UpdateSecretRequest { SecretId = "s", KmsKeyId = key.Arn });
        var versions = await cloud.CallAsync(SecretsManagerOperations.ListSecretVersionIds, new ListSecretVersionIdsRequest { SecretId = "s" });
        Assert.Equal([key.Arn!], Assert.Single(versions.Versions!).KmsKeyIds!);
        Assert.Equal("value of s", await ReadAsync(cloud, cloud.Administrator, "s"));
        await cloud.CallAsync(KmsOperations.DisableKey, new DisableKeyRequest { KeyId = key.KeyId });
        Assert.Equal("DecryptionFailure", (await SecretsCloud.RefusedAsync(() => ReadAsync(cloud, cloud.Administrator, "s"))).Code);
    }

    [Fact]
    public async Task AParameterThatNamesASecretAsksForTheSecretToo()
    {
        await using var cloud = await StartAsync();
        await CreateAsync(cloud, "s");
        var app = await UserAsync(cloud, "app", """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:GetParameter","Resource":"*"}}""");
        Task<GetParameterResult> Get() => cloud.CallAsync(
            SsmOperations.GetParameter, new GetParameterRequest { Name = "/aws/reference/secretsmanager/s", WithDecryption = true }, app);
        Assert.Equal("AccessDeniedException", (await SecretsCloud.RefusedAsync(Get)).Code);
        await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest
        {
            UserName = "app", PolicyName = "secret", PolicyDocument = Allow("secretsmanager:GetSecretValue", "secret:s-??????"),
        });
        Assert.Equal("value of s", (await Get()).Parameter!.Value);
    }

    private static async Task<AccessCloud> StartAsync()
    {
        var cloud = await AccessCloud.StartAsync();
        cloud.Cloud.Add(new SecretsManagerModule(cloud.Cloud));
        return cloud;
    }

    private static string Allow(string action, string? resource) =>
        PolicyOf(action, resource is null ? "*" : $"arn:aws:secretsmanager:lab-1:123456789012:{resource}");

    private static string PolicyOf(string action, string resource) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}]}""";

    private static async Task<Caller> UserAsync(AccessCloud cloud, string name, params string[] policies)
    {
        var key = await cloud.CreateUserWithKeyAsync(name);
        for (var i = 0; i < policies.Length; i++)
        {
            await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest { UserName = name, PolicyName = $"p{i}", PolicyDocument = policies[i] });
        }
        return (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
    }

    private static Task<CreateSecretResponse> CreateAsync(AccessCloud cloud, string name, string? keyId = null, Caller? caller = null) => cloud.CallAsync(
        SecretsManagerOperations.CreateSecret,
        new CreateSecretRequest { Name = name, SecretString = $"value of {name}", KmsKeyId = keyId, ClientRequestToken = Ids.Uuid() }, caller);

    private static async Task<string?> ReadAsync(AccessCloud cloud, Caller caller, string name, string? stage = null) => (await cloud.CallAsync(
        SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = name, VersionStage = stage }, caller)).SecretString;
}
