using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Kms;

public sealed class AliasTests
{
    internal static Task CreateAsync(AccessCloud cloud, string name, string keyId) =>
        cloud.CallAsync(KmsOperations.CreateAlias, new CreateAliasRequest { AliasName = name, TargetKeyId = keyId });

    [Fact]
    public async Task AnAliasStandsForItsKey()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var (one, other) = (await cloud.CreateKeyAsync(), await cloud.CreateKeyAsync());
        await CreateAsync(cloud, "alias/orders", one.KeyId!);
        var blob = await cloud.EncryptAsync("alias/orders", "secret");
        Assert.Equal("secret", await cloud.DecryptAsync(blob, keyId: "arn:aws:kms:lab-1:123456789012:alias/orders"));
        Assert.Equal(one.KeyId, (await cloud.DescribeAsync("alias/orders")).KeyId);
        Assert.Equal("AlreadyExistsException", await AccessCloud.CodeOfAsync(() => CreateAsync(cloud, "alias/orders", other.KeyId!)));

        await cloud.CallAsync(KmsOperations.UpdateAlias, new UpdateAliasRequest { AliasName = "alias/orders", TargetKeyId = other.Arn });
        Assert.Equal(other.KeyId, (await cloud.DescribeAsync("alias/orders")).KeyId);
        Assert.Equal("secret", await cloud.DecryptAsync(blob));
        Assert.Equal("IncorrectKeyException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(blob, keyId: "alias/orders")));

        await CreateAsync(cloud, "alias/a", one.KeyId!);
        Assert.Equal(["alias/a", "alias/orders"], await ListAsync(cloud, null));
        Assert.Equal(["alias/a"], await ListAsync(cloud, one.KeyId));
        await cloud.CallAsync(KmsOperations.DeleteAlias, new DeleteAliasRequest { AliasName = "alias/orders" });
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => cloud.DescribeAsync("alias/orders")));
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.DeleteAlias, new DeleteAliasRequest { AliasName = "alias/orders" })));
    }

    [Theory]
    [InlineData("orders", "InvalidAliasNameException")]
    [InlineData("alias/", "InvalidAliasNameException")]
    [InlineData("alias/a b", "ValidationException")]
    [InlineData("alias/aws/mine", "NotAuthorizedException")]
    public async Task BadNamesAreRefused(string name, string code)
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        Assert.Equal(code, await AccessCloud.CodeOfAsync(() => CreateAsync(cloud, name, key.KeyId!)));
        Assert.Empty(await ListAsync(cloud, null));
    }

    [Fact]
    public async Task OperationsOnAKeyItselfTakeNoAlias()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        await CreateAsync(cloud, "alias/orders", key.KeyId!);
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.DisableKey, new DisableKeyRequest { KeyId = "alias/orders" })));
    }

    [Theory]
    [InlineData("ssm")]
    [InlineData("secretsmanager")]
    [InlineData("sqs")]
    public async Task AManagedKeyComesToBeOnFirstUse(string service)
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Empty(await ListAsync(cloud, null));
        var alias = "alias/aws/" + service;
        var blobs = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => cloud.EncryptAsync(alias, $"{i}"))));
        for (var i = 0; i < blobs.Length; i++)
        {
            Assert.Equal($"{i}", await cloud.DecryptAsync(blobs[i]));
        }
        var key = await cloud.DescribeAsync(alias);
        Assert.Equal("AWS", key.KeyManager);
        Assert.Single((await cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest())).Keys!);
        Assert.Equal([alias], await ListAsync(cloud, key.KeyId));
        Assert.True((await cloud.CallAsync(KmsOperations.GetKeyRotationStatus, new GetKeyRotationStatusRequest { KeyId = key.KeyId })).KeyRotationEnabled);
    }

    [Fact]
    public async Task AManagedKeyIsNobodysToChange()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.DescribeAsync("alias/aws/ssm");
        Func<Task>[] changes =
        [
            () => cloud.CallAsync(KmsOperations.DisableKey, new DisableKeyRequest { KeyId = key.KeyId }),
            () => cloud.CallAsync(KmsOperations.ScheduleKeyDeletion, new ScheduleKeyDeletionRequest { KeyId = key.KeyId }),
            () => cloud.CallAsync(KmsOperations.PutKeyPolicy, new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = PolicyTests.Default }),
            () => cloud.CallAsync(KmsOperations.DisableKeyRotation, new DisableKeyRotationRequest { KeyId = key.KeyId }),
            () => cloud.CallAsync(KmsOperations.RotateKeyOnDemand, new RotateKeyOnDemandRequest { KeyId = key.KeyId }),
            () => cloud.CallAsync(KmsOperations.UpdateKeyDescription, new UpdateKeyDescriptionRequest { KeyId = key.KeyId, Description = "x" }),
            () => cloud.CallAsync(KmsOperations.TagResource, new TagResourceRequest { KeyId = key.KeyId, Tags = [new Tag { TagKey = "a", TagValue = "1" }] }),
            () => CreateAsync(cloud, "alias/mine", key.KeyId!),
        ];
        foreach (var change in changes)
        {
            Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(change));
        }
        Assert.Equal("NotAuthorizedException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.DeleteAlias, new DeleteAliasRequest { AliasName = "alias/aws/ssm" })));
        Assert.Equal("Enabled", (await cloud.DescribeAsync("alias/aws/ssm")).KeyState);
        // No other name of that sort makes a key.
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => cloud.DescribeAsync("alias/aws/mine")));
    }

    private static async Task<string[]> ListAsync(AccessCloud cloud, string? keyId) =>
        [.. (await cloud.CallAsync(KmsOperations.ListAliases, new ListAliasesRequest { KeyId = keyId })).Aliases!.Select(alias => alias.AliasName!)];
}
