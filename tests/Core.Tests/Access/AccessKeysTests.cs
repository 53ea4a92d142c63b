using Longspan.Api.Iam;
using Longspan.Api.Sts;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Access;

public sealed class AccessKeysTests
{
    [Fact]
    public async Task AUsersKeyIsFoundWithItsCaller()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");

        var found = await cloud.Keys.FindAsync(key.AccessKeyId!, null, default);

        Assert.Equal(KeyStatus.Found, found.Status);
        Assert.Equal(key.SecretAccessKey, found.Secret);
        Assert.Equal("arn:aws:iam::123456789012:user/bob", found.Caller!.Arn);
        Assert.False(found.Caller.IsAdministrator);
    }

    [Fact]
    public async Task NoAnswerIsOlderThanTheLastAcknowledgedChange()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        var id = key.AccessKeyId!;
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(id, null, default)).Status);
            await SetStatusAsync(cloud, id, "Inactive");
            Assert.Equal(KeyStatus.Inactive, (await cloud.Keys.FindAsync(id, null, default)).Status);
            await SetStatusAsync(cloud, id, "Active");
        }
        await cloud.CallAsync(IamOperations.DeleteAccessKey, new DeleteAccessKeyRequest { UserName = "bob", AccessKeyId = id });
        Assert.Equal(KeyStatus.Unknown, (await cloud.Keys.FindAsync(id, null, default)).Status);
    }

    [Fact]
    public async Task UnrelatedChangesLeaveAKeyFound()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        for (var i = 0; i < 50; i++)
        {
            await cloud.CallAsync(IamOperations.TagUser,
                new TagUserRequest { UserName = "bob", Tags = [new() { Key = "round", Value = $"{i}" }] });
            Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Status);
        }
    }

    [Theory]
    [InlineData("AKIAAAAAAAAAAAAAAAAA")]
    [InlineData("short")]
    [InlineData("AKIA/../../../etc/passwd")]
    [InlineData("")]
    public async Task KeysThatNobodyIssuedAreUnknown(string id)
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal(KeyStatus.Unknown, (await cloud.Keys.FindAsync(id, null, default)).Status);
    }

    [Fact]
    public async Task ASessionActsAsItsRoleUntilItExpires()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var session = await AssumeAsync(cloud, "worker");

        var found = await FindAsync(cloud, session);
        Assert.Equal(KeyStatus.Found, found.Status);
        Assert.Equal("arn:aws:sts::123456789012:assumed-role/worker/job", found.Caller!.Arn);
        Assert.Equal("job", found.Caller.SessionName);

        cloud.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, session)).Status);
        cloud.Clock.Advance(TimeSpan.FromMinutes(1));
        // The secret comes with it: the signature is checked before anyone is told of the expiry.
        var expired = await FindAsync(cloud, session);
        Assert.Equal((KeyStatus.Expired, session.SecretAccessKey, null), (expired.Status, expired.Secret, expired.Caller));
    }

    [Fact]
    public async Task ASessionSurvivesARestart()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var session = await AssumeAsync(cloud, "worker");
        await cloud.RestartAsync();
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, session)).Status);
    }

    [Fact]
    public async Task DeletingARoleEndsItsSessionsEvenIfItsNameComesBack()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var session = await AssumeAsync(cloud, "worker");
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, session)).Status);

        await cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "worker" });
        Assert.Equal(KeyStatus.Unknown, (await FindAsync(cloud, session)).Status);
        await cloud.CreateRoleAsync("worker");
        Assert.Equal(KeyStatus.Unknown, (await FindAsync(cloud, session)).Status);
    }

    [Fact]
    public async Task ARevocationEndsEarlierSessionsOnly()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var earlier = await AssumeAsync(cloud, "worker");
        var uniqueId = (await FindAsync(cloud, earlier)).Caller!.UserId;
        await cloud.Cloud.Documents.CommitAsync(
            new Commit().Put(AccessKinds.Revocations, AccessCloud.Account, uniqueId,
                new RevocationDocument(uniqueId, cloud.Clock.GetUtcNow(), cloud.Clock.GetUtcNow().AddHours(12))), default);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        var later = await AssumeAsync(cloud, "worker", create: false);

        Assert.Equal(KeyStatus.Unknown, (await FindAsync(cloud, earlier)).Status);
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, later)).Status);
    }

    [Fact]
    public async Task ATemporaryKeyNeedsItsOwnToken()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var one = await AssumeAsync(cloud, "worker");
        var other = await AssumeAsync(cloud, "worker", create: false);

        Assert.Equal(KeyStatus.InvalidToken, (await cloud.Keys.FindAsync(one.AccessKeyId!, null, default)).Status);
        Assert.Equal(KeyStatus.InvalidToken, (await cloud.Keys.FindAsync(one.AccessKeyId!, other.SessionToken, default)).Status);
        // Also when the other's token has been seen and kept.
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, other)).Status);
        Assert.Equal(KeyStatus.InvalidToken, (await cloud.Keys.FindAsync(one.AccessKeyId!, other.SessionToken, default)).Status);
    }

    [Fact]
    public async Task AKeyIsNoTokenAndATokenIsNoKey()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        var session = await AssumeAsync(cloud, "worker");
        // Both are kept from here on.
        Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Status);
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, session)).Status);

        Assert.Equal(KeyStatus.InvalidToken, (await cloud.Keys.FindAsync("AKIAAAAAAAAAAAAAAAAA", key.AccessKeyId, default)).Status);
        Assert.Equal(KeyStatus.Unknown, (await cloud.Keys.FindAsync(session.SessionToken!, null, default)).Status);
    }

    [Fact]
    public async Task AcceptAnyTakesUnknownKeysAsTheAdministratorAndIssuedOnesAsThemselves()
    {
        await using var cloud = await AccessCloud.StartAsync(acceptAny: true);
        var key = await cloud.CreateUserWithKeyAsync("bob");
        var session = await AssumeAsync(cloud, "worker");

        var unknown = await cloud.Keys.FindAsync("test", null, default);
        Assert.Equal(KeyStatus.AcceptedUnverified, unknown.Status);
        Assert.True(unknown.Caller!.IsAdministrator);
        Assert.Null(unknown.Secret);
        Assert.Equal(KeyStatus.AcceptedUnverified, (await cloud.Keys.FindAsync("testing", "testing", default)).Status);

        var known = await cloud.Keys.FindAsync(key.AccessKeyId!, null, default);
        Assert.Equal((KeyStatus.Found, false), (known.Status, known.Caller!.IsAdministrator));
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, session)).Status);
        await SetStatusAsync(cloud, key.AccessKeyId!, "Inactive");
        Assert.Equal(KeyStatus.Inactive, (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Status);
        cloud.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(KeyStatus.Expired, (await FindAsync(cloud, session)).Status);
    }

    private static Task<UpdateAccessKeyResponse> SetStatusAsync(AccessCloud cloud, string id, string status) =>
        cloud.CallAsync(IamOperations.UpdateAccessKey, new UpdateAccessKeyRequest { UserName = "bob", AccessKeyId = id, Status = status });

    private static async Task<Credentials> AssumeAsync(AccessCloud cloud, string role, bool create = true)
    {
        if (create)
        {
            await cloud.CreateRoleAsync(role);
        }
        var request = new AssumeRoleRequest { RoleArn = $"arn:aws:iam::{AccessCloud.Account}:role/{role}", RoleSessionName = "job" };
        return (await cloud.CallAsync(StsOperations.AssumeRole, request)).Credentials!;
    }

    private static ValueTask<KeyLookup> FindAsync(AccessCloud cloud, Credentials session) =>
        cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default);
}
