using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Kms;

public sealed class GrantTests
{
    private const string Alice = "arn:aws:iam::123456789012:user/alice";
    private const string Bob = "arn:aws:iam::123456789012:user/bob";

    [Fact]
    public async Task AGrantIsListedUntilItIsRevoked()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var grant = await GrantAsync(cloud, key, ["Decrypt", "Encrypt"], name: "mine");
        var again = await GrantAsync(cloud, key, ["Encrypt", "Decrypt"], name: "mine");
        Assert.Equal(grant.GrantId, again.GrantId);
        await GrantAsync(cloud, key, ["DescribeKey"], grantee: Bob);

        var listed = await cloud.CallAsync(KmsOperations.ListGrants, new ListGrantsRequest { KeyId = key.KeyId, GranteePrincipal = Alice });
        var entry = Assert.Single(listed.Grants!);
        Assert.Equal((key.Arn, Alice, Bob, "mine"), (entry.KeyId, entry.GranteePrincipal, entry.RetiringPrincipal, entry.Name));
        Assert.Equal(["Decrypt", "Encrypt"], entry.Operations!);
        Assert.Equal(2, (await RetirableAsync(cloud)).Count);
        await cloud.CallAsync(KmsOperations.RevokeGrant, new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId });
        Assert.Single(await RetirableAsync(cloud));
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.RevokeGrant, new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId })));
    }

    [Fact]
    public async Task AGrantIsRetiredByTokenOrByName()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var (one, other) = (await GrantAsync(cloud, key, ["Decrypt"]), await GrantAsync(cloud, key, ["Decrypt"]));
        var demand = Assert.Single(await cloud.AskAsync(KmsOperations.RetireGrant, new RetireGrantRequest { GrantToken = one.GrantToken }));
        Assert.Equal([Bob], await PrincipalsAsync(cloud, demand, "kms:RetireGrant"));
        await cloud.CallAsync(KmsOperations.RetireGrant, new RetireGrantRequest { GrantToken = one.GrantToken });
        await cloud.CallAsync(KmsOperations.RetireGrant, new RetireGrantRequest { KeyId = key.Arn, GrantId = other.GrantId });
        Assert.Empty(await RetirableAsync(cloud));
        Assert.Equal("InvalidGrantTokenException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.RetireGrant, new RetireGrantRequest { GrantToken = "!" })));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(KmsOperations.RetireGrant, new RetireGrantRequest())));
    }

    [Fact]
    public async Task AGrantPermitsItsOperationsInItsContext()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var context = new Dictionary<string, string> { ["user"] = "7" };
        await GrantAsync(cloud, key, ["Encrypt"], constraints: new GrantConstraints { EncryptionContextSubset = context });
        await GrantAsync(cloud, key, ["Encrypt"], grantee: Bob, constraints: new GrantConstraints { EncryptionContextEquals = context });

        Assert.Equal([Alice, Bob], await MayEncryptAsync(cloud, key, context));
        Assert.Equal([Alice], await MayEncryptAsync(cloud, key, new() { ["user"] = "7", ["more"] = "1" }));
        Assert.Empty(await MayEncryptAsync(cloud, key, new() { ["user"] = "8" }));
        Assert.Empty(await MayEncryptAsync(cloud, key, null));
        var other = Assert.Single(await cloud.AskAsync(KmsOperations.GenerateDataKey, new GenerateDataKeyRequest { KeyId = key.KeyId, EncryptionContext = context }));
        Assert.Empty(await PrincipalsAsync(cloud, other, "kms:GenerateDataKey"));
    }

    [Fact]
    public async Task AGranteePassesOnNoMoreThanItHas()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var context = new Dictionary<string, string> { ["user"] = "7" };
        await GrantAsync(cloud, key, ["CreateGrant", "Decrypt"], constraints: new GrantConstraints { EncryptionContextSubset = context });
        Assert.Equal([Alice], await MayGrantAsync(["Decrypt"], new GrantConstraints { EncryptionContextEquals = context }));
        Assert.Empty(await MayGrantAsync(["Encrypt"], new GrantConstraints { EncryptionContextEquals = context }));
        Assert.Empty(await MayGrantAsync(["Decrypt"], null));

        async Task<string[]> MayGrantAsync(List<string> operations, GrantConstraints? constraints) =>
            await PrincipalsAsync(
                cloud, Assert.Single(await cloud.AskAsync(
                    KmsOperations.CreateGrant,
                    new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = Bob, Operations = operations, Constraints = constraints })),
                "kms:CreateGrant");
    }

    [Fact]
    public async Task BadGrantsAreRefused()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => GrantAsync(cloud, key, ["Sign"])));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => GrantAsync(cloud, key, [])));
        Assert.Equal("InvalidArnException", await AccessCloud.CodeOfAsync(() => GrantAsync(cloud, key, ["Decrypt"], grantee: "alice")));
        Assert.Empty((await cloud.CallAsync(KmsOperations.ListGrants, new ListGrantsRequest { KeyId = key.KeyId })).Grants!);
    }

    [Theory]
    [InlineData("", "ValidationException")]
    [InlineData("has space", "ValidationException")]
    [InlineData("has.dot", "ValidationException")]
    [InlineData("ümlaut", "ValidationException")]
    [InlineData("line\n", "ValidationException")]
    [InlineData("Orders:prod/app_1-b", null)]
    public async Task AGrantsNameHasAForm(string name, string? code)
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        await CheckAsync(code, () => GrantAsync(cloud, key, ["Decrypt"], name: name));
        await CheckAsync(null, () => GrantAsync(cloud, key, ["Decrypt"], name: new string('n', 256)));
        await CheckAsync("ValidationException", () => GrantAsync(cloud, key, ["Decrypt"], name: new string('n', 257)));
    }

    [Theory]
    [InlineData(8, 384, null)]
    [InlineData(9, 1, "ValidationException")]
    [InlineData(1, 385, "ValidationException")]
    public async Task ConstraintsHaveBounds(int pairs, int length, string? code)
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var context = Enumerable.Range(0, pairs).ToDictionary(i => $"k{i}", _ => new string('v', length));
        await CheckAsync(code, () => GrantAsync(cloud, key, ["Decrypt"], constraints: new() { EncryptionContextSubset = context }));
        await CheckAsync(code, () => GrantAsync(cloud, key, ["Decrypt"], constraints: new() { EncryptionContextEquals = context }));
    }

    [Fact]
    public async Task NoOperationsAndUnknownOnesAreToldApart()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var none = await Assert.ThrowsAnyAsync<Api.Shapes.AwsError>(() => GrantAsync(cloud, key, []));
        Assert.Equal(
            "1 validation error detected: Value '[]' at 'operations' failed to satisfy constraint: Member must have length greater than or equal to 1",
            none.Message);
        var unknown = await Assert.ThrowsAnyAsync<Api.Shapes.AwsError>(() => GrantAsync(cloud, key, ["Decrypt", "Shout"]));
        Assert.Contains("[Member must satisfy enum value set: [CreateGrant, Decrypt, ", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryOperationChecksTheGrantTokensThatItTakes()
    {
        await using var cloud = await AccessCloud.StartWithUsersAsync("alice", "bob");
        var key = await cloud.CreateKeyAsync();
        var blob = await cloud.EncryptAsync(key.Arn!, "secret");
        var token = (await GrantAsync(cloud, key, ["Decrypt"])).GrantToken!;
        Func<List<string>, Task>[] calls =
        [
            tokens => cloud.CallAsync(KmsOperations.Encrypt, new() { KeyId = key.Arn, Plaintext = new byte[] { 1 }, GrantTokens = tokens }),
            tokens => cloud.CallAsync(KmsOperations.Decrypt, new() { CiphertextBlob = blob, GrantTokens = tokens }),
            tokens => cloud.CallAsync(KmsOperations.ReEncrypt, new() { CiphertextBlob = blob, DestinationKeyId = key.Arn, GrantTokens = tokens }),
            tokens => cloud.CallAsync(KmsOperations.GenerateDataKey, new() { KeyId = key.Arn, KeySpec = "AES_256", GrantTokens = tokens }),
            tokens => cloud.CallAsync(KmsOperations.GenerateDataKeyWithoutPlaintext, new() { KeyId = key.Arn, KeySpec = "AES_256", GrantTokens = tokens }),
            tokens => cloud.CallAsync(KmsOperations.DescribeKey, new() { KeyId = key.Arn, GrantTokens = tokens }),
            tokens => cloud.CallAsync(
                KmsOperations.CreateGrant, new() { KeyId = key.Arn, GranteePrincipal = Alice, Operations = ["Encrypt"], GrantTokens = tokens }),
        ];
        string[] malformed = ["", "!", "abc", PageToken.Encode("key:grant"), PageToken.Encode($"{key.KeyId}:short"), token + "?"];
        foreach (var call in calls)
        {
            await call([.. Enumerable.Repeat(token, 10)]);
            await CheckAsync("ValidationException", () => call([.. Enumerable.Repeat(token, 11)]));
            foreach (var wrong in malformed)
            {
                await CheckAsync("InvalidGrantTokenException", () => call([token, wrong]));
            }
        }
        foreach (var wrong in malformed)
        {
            await CheckAsync("InvalidGrantTokenException", () => cloud.CallAsync(KmsOperations.RetireGrant, new() { GrantToken = wrong }));
        }
    }

    /// <summary>The call is refused with this code, or taken when there is none.</summary>
    private static async Task CheckAsync(string? code, Func<Task> call)
    {
        if (code is null)
        {
            await call();
            return;
        }
        Assert.Equal(code, await AccessCloud.CodeOfAsync(call));
    }

    private static Task<CreateGrantResponse> GrantAsync(
        AccessCloud cloud, KeyMetadata key, List<string> operations, string grantee = Alice, string? name = null, GrantConstraints? constraints = null) =>
        cloud.CallAsync(KmsOperations.CreateGrant, new CreateGrantRequest
        {
            KeyId = key.Arn,
            GranteePrincipal = grantee,
            RetiringPrincipal = Bob,
            Operations = operations,
            Name = name,
            Constraints = constraints,
        });

    private static async Task<List<GrantListEntry>> RetirableAsync(AccessCloud cloud) =>
        (await cloud.CallAsync(KmsOperations.ListRetirableGrants, new ListRetirableGrantsRequest { RetiringPrincipal = Bob })).Grants!;

    private static async Task<string[]> MayEncryptAsync(AccessCloud cloud, KeyMetadata key, Dictionary<string, string>? context) => await PrincipalsAsync(
        cloud, Assert.Single(await cloud.AskAsync(KmsOperations.Encrypt, new EncryptRequest { KeyId = key.KeyId, EncryptionContext = context })), "kms:Encrypt");

    /// <summary>Whom the demand's policy allows the action beyond what the key's own policy says.</summary>
    private static async Task<string[]> PrincipalsAsync(AccessCloud cloud, AccessDemand demand, string action)
    {
        List<string> principals = [];
        foreach (var id in demand.ResourcePolicy!.Statements.Skip(1).Where(s => s.IsAllow && s.Actions.SequenceEqual([action])).SelectMany(s => s.Principals!.Of("AWS")))
        {
            principals.Add(await cloud.Cloud.Principals.ShowPrincipalAsync(id, default));
        }
        return [.. principals.Order(StringComparer.Ordinal)];
    }
}
