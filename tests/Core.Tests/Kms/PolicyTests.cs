using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Kms;

/// <summary>Key policies, and what operations ask of them.</summary>
public sealed class PolicyTests
{
    public const string Default =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""";

    private const string OnlyAlice =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"},"Action":"kms:*","Resource":"*"}]}""";

    [Fact]
    public async Task TheDefaultPolicyLetsTheAccountIn()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var policy = await cloud.CallAsync(KmsOperations.GetKeyPolicy, new GetKeyPolicyRequest { KeyId = key.KeyId });
        Assert.Equal("default", policy.PolicyName);
        var read = PolicyReader.TryRead(policy.Policy!, PolicyUse.Resource, out _)!;
        Assert.Equal(["arn:aws:iam::123456789012:root"], Assert.Single(read.Statements).Principals!.Of("AWS"));
        Assert.Equal(["default"], (await cloud.CallAsync(KmsOperations.ListKeyPolicies, new ListKeyPoliciesRequest { KeyId = key.KeyId })).PolicyNames!);
    }

    [Fact]
    public async Task NobodyLocksThemselvesOutByAccident()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice");
        var key = await cloud.CreateKeyAsync();
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => PutAsync(cloud, key.KeyId!, OnlyAlice)));
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => cloud.CreateKeyAsync(OnlyAlice)));
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => PutAsync(cloud, key.KeyId!, "{")));
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => PutAsync(cloud, key.KeyId!, AccessCloud.AllowAll)));
        await PutAsync(cloud, key.KeyId!, OnlyAlice, bypass: true);
        Assert.Equal(OnlyAlice, (await cloud.CallAsync(KmsOperations.GetKeyPolicy, new GetKeyPolicyRequest { KeyId = key.Arn })).Policy);
    }

    [Fact]
    public async Task AnOperationAsksAboutItsKey()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        await cloud.CallAsync(KmsOperations.TagResource, new TagResourceRequest { KeyId = key.KeyId, Tags = [new Tag { TagKey = "team", TagValue = "shop" }] });
        await AliasTests.CreateAsync(cloud, "alias/orders", key.KeyId!);
        var context = new Dictionary<string, string> { ["user"] = "7" };
        var demand = Assert.Single(await cloud.AskAsync(
            KmsOperations.Encrypt, new EncryptRequest { KeyId = "alias/orders", EncryptionContext = context }, "secretsmanager.lab-1.amazonaws.com"));
        Assert.Equal(("kms:Encrypt", key.Arn, true), (demand.Action, demand.Resource, demand.IsResourcePolicyRequired));
        Assert.Equal(["secretsmanager.lab-1.amazonaws.com"], demand.Keys["kms:ViaService"]);
        Assert.Equal(["7"], demand.Keys["kms:EncryptionContext:user"]);
        Assert.Equal(["user"], demand.Keys["kms:EncryptionContextKeys"]);
        Assert.Equal(["alias/orders"], demand.Keys["kms:ResourceAliases"]);
        Assert.Equal(["alias/orders"], demand.Keys["kms:RequestAlias"]);
        Assert.Equal(["123456789012"], demand.Keys["kms:CallerAccount"]);
        Assert.Equal("shop", demand.ResourceTags!["team"]);
        Assert.Single(demand.ResourcePolicy!.Statements);

        var blob = await cloud.EncryptAsync(key.KeyId!, "x");
        Assert.Equal(key.Arn, Assert.Single(await cloud.AskAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blob })).Resource);
        Assert.Empty(await cloud.AskAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = "from elsewhere"u8.ToArray() }));
        var moves = await cloud.AskAsync(KmsOperations.ReEncrypt, new ReEncryptRequest { CiphertextBlob = blob, DestinationKeyId = "alias/orders" });
        Assert.Equal(["kms:ReEncryptFrom", "kms:ReEncryptTo"], moves.Select(one => one.Action));
        var aliases = await cloud.AskAsync(KmsOperations.DeleteAlias, new DeleteAliasRequest { AliasName = "alias/orders" });
        Assert.Equal(["arn:aws:kms:lab-1:123456789012:alias/orders", key.Arn!], aliases.Select(one => one.Resource));
    }

    /// <summary>Asking is not using: nothing comes to be for a caller who may turn out to be refused.</summary>
    [Fact]
    public async Task AskingMakesNoKeys()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var demand = Assert.Single(await cloud.AskAsync(KmsOperations.Encrypt, new EncryptRequest { KeyId = "alias/aws/ssm" }));
        Assert.Contains(demand.ResourcePolicy!.Statements, s => s.Conditions.Any(c => c.Key == "kms:ViaService" && c.Values.Contains("ssm.lab-1.amazonaws.com")));
        Assert.Empty((await cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest())).Keys!);
    }

    [Fact]
    public async Task EveryOperationSaysWhatItAsks()
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Empty(cloud.Kms.Operations.Keys.Except(cloud.Kms.Access.Keys));
    }

    private static Task PutAsync(AccessCloud cloud, string keyId, string policy, bool bypass = false) => cloud.CallAsync(
        KmsOperations.PutKeyPolicy, new PutKeyPolicyRequest { KeyId = keyId, Policy = policy, BypassPolicyLockoutSafetyCheck = bypass });
}
