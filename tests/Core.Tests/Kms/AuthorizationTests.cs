using Longspan.Api.Iam;
using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Kms;

/// <summary>Who gets in, by the same policies that every call is judged by.</summary>
public sealed class AuthorizationTests
{
    private const string MayUseKeys =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt","kms:CreateGrant","kms:DescribeKey"],"Resource":"*"}]}""";

    private const string OnlyAdmin =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/admin"},"Action":"kms:*","Resource":"*"}]}""";

    [Fact]
    public async Task IdentityPoliciesCountAsFarAsTheKeysPolicyLetsTheAccountIn()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.BootstrapAsync();
        var (open, closed) = (await cloud.CreateKeyAsync(), await cloud.CreateKeyAsync(OnlyAdmin));
        var alice = await UserAsync(cloud, "alice", MayUseKeys);
        var bob = await UserAsync(cloud, "bob", null);
        var blob = await EncryptAsync(cloud, alice, open.KeyId!);
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, bob, open.KeyId!)));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, alice, closed.KeyId!)));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => DecryptAsync(cloud, bob, blob)));
        await DecryptAsync(cloud, alice, blob);
        // Whoever may use keys is told that one is not there.
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, alice, Guid.Empty.ToString())));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, bob, Guid.Empty.ToString())));
    }

    [Fact]
    public async Task AKeysPolicyNamesUsersAndConditions()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.BootstrapAsync();
        var alice = await UserAsync(cloud, "alice", null);
        var key = await cloud.CreateKeyAsync("""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/admin"},"Action":"kms:*","Resource":"*"},
              {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"},"Action":"kms:Encrypt","Resource":"*",
               "Condition":{"StringEquals":{"kms:EncryptionContext:shop":"1"}}}]}
            """);
        await EncryptAsync(cloud, alice, key.KeyId!, new() { ["shop"] = "1" });
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, alice, key.KeyId!, new() { ["shop"] = "2" })));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, alice, key.KeyId!)));
    }

    [Fact]
    public async Task AGrantLetsItsGranteeInUntilItIsRetired()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.BootstrapAsync();
        var key = await cloud.CreateKeyAsync(OnlyAdmin);
        var (alice, bob) = (await UserAsync(cloud, "alice", null), await UserAsync(cloud, "bob", null));
        var grant = await cloud.CallAsync(KmsOperations.CreateGrant, new CreateGrantRequest
        {
            KeyId = key.KeyId,
            GranteePrincipal = alice.Arn,
            RetiringPrincipal = bob.Arn,
            Operations = ["Encrypt", "CreateGrant"],
        });
        var blob = await EncryptAsync(cloud, alice, key.KeyId!);
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => DecryptAsync(cloud, alice, blob)));
        // What it has it may pass on, and no more.
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => PassOnAsync("Decrypt")));
        await PassOnAsync("Encrypt");
        await EncryptAsync(cloud, bob, key.KeyId!);

        var retire = new RetireGrantRequest { GrantToken = grant.GrantToken };
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(KmsOperations.RetireGrant, retire, alice)));
        await cloud.CallAsync(KmsOperations.RetireGrant, retire, bob);
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => EncryptAsync(cloud, alice, key.KeyId!)));

        Task PassOnAsync(string operation) => cloud.CallAsync(
            KmsOperations.CreateGrant, new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = bob.Arn, Operations = [operation] }, alice);
    }

    [Fact]
    public async Task AManagedKeyIsUsedThroughItsServiceOnly()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var alice = await UserAsync(cloud, "alice", MayUseKeys);
        var request = new EncryptRequest { KeyId = "alias/aws/ssm", Plaintext = "x"u8.ToArray() };
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(KmsOperations.Encrypt, request, alice)));
        Assert.Empty((await cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest())).Keys!);

        var call = new CallContext(cloud.Cloud, alice, AccessCloud.Region, "request", cloud.Cloud.Settings.Endpoint);
        var sealedBlob = (await cloud.Cloud.CallAsync(KmsOperations.Encrypt, request, call, "ssm", default)).CiphertextBlob;
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(
            () => cloud.Cloud.CallAsync(KmsOperations.Encrypt, request, call, "secretsmanager", default).AsTask()));
        var opened = await cloud.Cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = sealedBlob }, call, "ssm", default);
        Assert.Equal("x"u8.ToArray(), opened.Plaintext!.Value.ToArray());
        // The account may look at the key itself.
        Assert.Equal("AWS", (await cloud.CallAsync(KmsOperations.DescribeKey, new DescribeKeyRequest { KeyId = "alias/aws/ssm" }, alice)).KeyMetadata!.KeyManager);
    }

    private static async Task<Caller> UserAsync(AccessCloud cloud, string name, string? policy)
    {
        var user = (await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name })).User!;
        if (policy is not null)
        {
            await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest { UserName = name, PolicyName = "keys", PolicyDocument = policy });
        }
        return new Caller(AccessCloud.Account, user.Arn!, user.UserId!, "AKIAOWNKEYOWNKEYOWN1", IsAdministrator: false);
    }

    private static async Task<ReadOnlyMemory<byte>> EncryptAsync(AccessCloud cloud, Caller caller, string keyId, Dictionary<string, string>? context = null) =>
        (await cloud.CallAsync(
            KmsOperations.Encrypt, new EncryptRequest { KeyId = keyId, Plaintext = "x"u8.ToArray(), EncryptionContext = context }, caller)).CiphertextBlob!.Value;

    private static Task DecryptAsync(AccessCloud cloud, Caller caller, ReadOnlyMemory<byte> blob) =>
        cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blob }, caller);
}
