using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Sts;

public sealed class StsTests
{
    private const string RoleArn = "arn:aws:iam::123456789012:role/worker";
    private static readonly string TrustSessions = AccessCloud.TrustAccount.Replace(
        "\"sts:AssumeRole\"", """["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]""", StringComparison.Ordinal);

    [Fact]
    public async Task AssumeRoleAnswersAsAwsDoes()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var role = await cloud.CreateRoleAsync("worker", TrustSessions);

        var answer = await AssumeAsync(cloud, new() { RoleSessionName = "job", DurationSeconds = 900, SourceIdentity = "bob" });

        Assert.StartsWith("ASIA", answer.Credentials!.AccessKeyId);
        Assert.Equal(40, answer.Credentials.SecretAccessKey!.Length);
        Assert.Equal(cloud.Clock.GetUtcNow().AddSeconds(900), answer.Credentials.Expiration);
        Assert.Equal($"{role.RoleId}:job", answer.AssumedRoleUser!.AssumedRoleId);
        Assert.Equal("arn:aws:sts::123456789012:assumed-role/worker/job", answer.AssumedRoleUser.Arn);
        Assert.Equal("bob", answer.SourceIdentity);
        Assert.Null(answer.PackedPolicySize);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("has space")]
    [InlineData("sl/ash")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg")]
    public async Task BadSessionNamesAreRefused(string name)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, new() { RoleSessionName = name })));
    }

    [Theory]
    [InlineData(899, false)]
    [InlineData(900, true)]
    [InlineData(7200, true)]
    [InlineData(7201, false)]
    [InlineData(43_201, false)]
    public async Task TheRoleBoundsTheDuration(int seconds, bool accepted)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest
        {
            RoleName = "worker", AssumeRolePolicyDocument = AccessCloud.TrustAccount, MaxSessionDuration = 7200,
        });
        var request = new AssumeRoleRequest { RoleSessionName = "job", DurationSeconds = seconds };
        if (accepted)
        {
            await AssumeAsync(cloud, request);
        }
        else
        {
            Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, request)));
        }
    }

    [Fact]
    public async Task ThePlatformMintsLongSessionsForTasks()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker", AccessCloud.TrustEcsTasks);
        var request = new AssumeRoleRequest { RoleSessionName = "task", DurationSeconds = 21_600 };

        var answer = await AssumeAsync(cloud, request, Caller.ForService(AccessCloud.Account, "ecs-tasks.amazonaws.com"));
        Assert.Equal(cloud.Clock.GetUtcNow().AddHours(6), answer.Credentials!.Expiration);
        await AssumeAsync(cloud, request, Caller.Platform(AccessCloud.Account));
    }

    [Fact]
    public async Task WhoTheTrustPolicyDoesNotNameIsRefusedInAwsWords()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker", AccessCloud.TrustEcsTasks);
        var bob = await CallerAsync(cloud, await cloud.CreateUserWithKeyAsync("bob"));

        var refusal = await Assert.ThrowsAsync<AwsError>(() => AssumeAsync(cloud, new() { RoleSessionName = "job" }, bob));
        Assert.Equal(("AccessDenied", 403), (refusal.Code, refusal.HttpStatus));
        Assert.Equal(
            "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: sts:AssumeRole on resource: " + RoleArn, refusal.Message);
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(
            () => AssumeAsync(cloud, new() { RoleSessionName = "job" }, Caller.ForService(AccessCloud.Account, "ssm.amazonaws.com"))));
    }

    [Theory]
    [InlineData("arn:aws:iam::123456789012:role/nobody")]
    [InlineData("arn:aws:iam::999999999999:role/worker")]
    [InlineData("arn:aws:iam::123456789012:role/path/worker")]
    [InlineData("arn:aws:iam::123456789012:user/worker")]
    public async Task RolesThatAreNotThereAreRefusedLikeForbiddenOnes(string arn)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(StsOperations.AssumeRole, new AssumeRoleRequest { RoleArn = arn, RoleSessionName = "job" })));
    }

    [Fact]
    public async Task ChainedSessionsLastAnHourAtMost()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest
        {
            RoleName = "worker", AssumeRolePolicyDocument = AccessCloud.TrustAccount, MaxSessionDuration = 43_200,
        });
        // The role may take on roles itself: the trust policy leaves that to it.
        await cloud.CallAsync(IamOperations.PutRolePolicy, new PutRolePolicyRequest
        {
            RoleName = "worker", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll,
        });
        var session = (await AssumeAsync(cloud, new() { RoleSessionName = "one", DurationSeconds = 43_200 })).Credentials!;
        var chained = (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Caller!;

        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => AssumeAsync(cloud, new() { RoleSessionName = "two", DurationSeconds = 3601 }, chained)));
        await AssumeAsync(cloud, new() { RoleSessionName = "two", DurationSeconds = 3600 }, chained);
    }

    [Fact]
    public async Task SessionPoliciesAndTagsAreCheckedAndCarried()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker", TrustSessions);
        var answer = await AssumeAsync(cloud, new()
        {
            RoleSessionName = "job",
            Policy = AccessCloud.AllowAll,
            ExternalId = "partner",
            Tags = [new() { Key = "team", Value = "orders" }],
            TransitiveTagKeys = ["team"],
        });
        var claims = cloud.Tokens.TryOpen(answer.Credentials!.SessionToken!, answer.Credentials.AccessKeyId!)!;
        Assert.Equal(AccessCloud.AllowAll, claims.SessionPolicy);
        Assert.Equal("orders", claims.Tags!["team"]);
        Assert.Equal("partner", claims.ExternalId);
        Assert.InRange(answer.PackedPolicySize!.Value, 1, 100);

        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(
            () => AssumeAsync(cloud, new() { RoleSessionName = "job", Policy = "{}" })));
        Assert.Equal("PackedPolicyTooLargeException", await AccessCloud.CodeOfAsync(
            () => AssumeAsync(cloud, new() { RoleSessionName = "job", Policy = new string(' ', 2049) })));
        Assert.Equal("InvalidParameterValue", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud,
            new() { RoleSessionName = "job", Tags = [new() { Key = "a", Value = "1" }, new() { Key = "A", Value = "2" }] })));
    }

    [Fact]
    public async Task ManagedSessionPoliciesMustExist()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        var own = (await cloud.CallAsync(IamOperations.CreatePolicy, new() { PolicyName = "own", Path = "/shop/", PolicyDocument = AccessCloud.AllowAll })).Policy!.Arn!;
        await AssumeAsync(cloud, new() { RoleSessionName = "job", PolicyArns = [new() { Arn = own }, new() { Arn = "arn:aws:iam::aws:policy/ReadOnlyAccess" }] });
        foreach (var arn in (string[])
        [
            "arn:aws:iam::123456789012:policy/own", "arn:aws:iam::aws:policy/NoSuchPolicy", "arn:aws:iam::999999999999:policy/shop/own",
            "arn:aws:iam::123456789012:role/worker",
        ])
        {
            Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
                () => AssumeAsync(cloud, new() { RoleSessionName = "job", PolicyArns = [new() { Arn = own }, new() { Arn = arn }] })));
        }
    }

    [Theory]
    [InlineData("arn:aws:iam::123456789012:mfa/bob", "123456", "AccessDenied")]
    [InlineData("arn:aws:iam::123456789012:mfa/bob", null, "AccessDenied")]
    [InlineData(null, "123456", "AccessDenied")]
    [InlineData("short", "123456", "ValidationError")]
    [InlineData("no spaces here", "123456", "ValidationError")]
    [InlineData("arn:aws:iam::123456789012:mfa/bob", "12345", "ValidationError")]
    [InlineData("arn:aws:iam::123456789012:mfa/bob", "12345x", "ValidationError")]
    public async Task CodesOfDevicesAreNeverTakenForGood(string? serialNumber, string? code, string refusal)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        var bob = await CallerAsync(cloud, await cloud.CreateUserWithKeyAsync("bob"));
        foreach (var call in (Func<Task>[])
        [
            () => AssumeAsync(cloud, new() { RoleSessionName = "job", SerialNumber = serialNumber, TokenCode = code }),
            () => cloud.CallAsync(StsOperations.GetSessionToken, new() { SerialNumber = serialNumber, TokenCode = code }, bob),
        ])
        {
            var refused = await Assert.ThrowsAsync<AwsError>(call);
            Assert.Equal(refusal, refused.Code);
            Assert.True(refusal == "ValidationError" || refused.Message.StartsWith("MultiFactorAuthentication failed, ", StringComparison.Ordinal), refused.Message);
        }
    }

    [Fact]
    public async Task GetCallerIdentityTellsUserRoleAndRoot()
    {
        await using var cloud = await AccessCloud.StartAsync(acceptAny: true);
        var bob = await CallerAsync(cloud, await cloud.CreateUserWithKeyAsync("bob"));
        var role = await cloud.CreateRoleAsync("worker");
        var session = (await AssumeAsync(cloud, new() { RoleSessionName = "job" })).Credentials!;
        var worker = (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Caller!;
        var root = (await cloud.Keys.FindAsync("anything", null, default)).Caller!;

        Assert.Equal(("arn:aws:iam::123456789012:user/bob", bob.UserId), await IdentityAsync(cloud, bob));
        Assert.Equal(("arn:aws:sts::123456789012:assumed-role/worker/job", $"{role.RoleId}:job"), await IdentityAsync(cloud, worker));
        Assert.Equal(("arn:aws:iam::123456789012:root", "123456789012"), await IdentityAsync(cloud, root));
    }

    [Fact]
    public async Task AUsersSessionTokenActsAsTheUser()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var outcome = await cloud.BootstrapAsync();
        var admin = (await cloud.Keys.FindAsync(outcome.AccessKeyId, null, default)).Caller!;
        var session = (await cloud.CallAsync(StsOperations.GetSessionToken, new GetSessionTokenRequest(), admin)).Credentials!;
        var found = await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default);

        Assert.Equal(admin.Arn, found.Caller!.Arn);
        Assert.Equal(admin.UserId, found.Caller.UserId);
        Assert.True(found.Caller.IsAdministrator);
        Assert.Equal(cloud.Clock.GetUtcNow().AddHours(12), session.Expiration);
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(StsOperations.GetSessionToken, new GetSessionTokenRequest(), found.Caller)));
    }

    [Fact]
    public async Task GetAccessKeyInfoTellsTheAccount()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var answer = await cloud.CallAsync(StsOperations.GetAccessKeyInfo, new GetAccessKeyInfoRequest { AccessKeyId = "AKIAIOSFODNN7EXAMPLE" });
        Assert.Equal(AccessCloud.Account, answer.Account);
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(StsOperations.GetAccessKeyInfo, new GetAccessKeyInfoRequest { AccessKeyId = "short" })));
    }

    private static Task<AssumeRoleResponse> AssumeAsync(AccessCloud cloud, AssumeRoleRequest request, Caller? caller = null)
    {
        request.RoleArn = RoleArn;
        return cloud.CallAsync(StsOperations.AssumeRole, request, caller);
    }

    private static async Task<Caller> CallerAsync(AccessCloud cloud, AccessKey key) =>
        (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;

    private static async Task<(string? Arn, string? UserId)> IdentityAsync(AccessCloud cloud, Caller caller)
    {
        var answer = await cloud.CallAsync(StsOperations.GetCallerIdentity, new GetCallerIdentityRequest(), caller);
        Assert.Equal(AccessCloud.Account, answer.Account);
        return (answer.Arn, answer.UserId);
    }
}
