using Longspan.Api.Iam;
using Longspan.Api.Kms;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Sts;

/// <summary>What sessions hand on to sessions, what users hand to strangers, and how both end.</summary>
public sealed class SessionTests
{
    private const string TrustSessions = """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},
        "Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}]}
        """;

    [Fact]
    public async Task TransitiveTagsAndSourceIdentityPersistThroughAChain()
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var name in (string[])["one", "two", "three"])
        {
            await cloud.CreateRoleAsync(name, TrustSessions);
            await cloud.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = name, PolicyName = "go-on", PolicyDocument = AccessCloud.AllowAll });
        }
        var first = await CallerAsync(cloud, await AssumeAsync(cloud, "one", null, new()
        {
            Tags = [new() { Key = "team", Value = "orders" }, new() { Key = "local", Value = "x" }], TransitiveTagKeys = ["Team"], SourceIdentity = "bob",
        }));
        var answer = await AssumeAsync(cloud, "two", first, new() { Tags = [new() { Key = "step", Value = "2" }] });
        Assert.Equal("bob", answer.SourceIdentity);
        var second = await CallerAsync(cloud, answer);
        Assert.Equal(["step=2", "team=orders"], second.Session!.Tags!.Select(t => $"{t.Key}={t.Value}").Order());
        var third = await CallerAsync(cloud, await AssumeAsync(cloud, "three", second, new()));
        Assert.Equal(("team=orders", "bob"), (Assert.Single(third.Session!.Tags!.Select(t => $"{t.Key}={t.Value}")), third.Session.SourceIdentity));

        Assert.Equal("InvalidParameterValue", await AccessCloud.CodeOfAsync(
            () => AssumeAsync(cloud, "three", second, new() { Tags = [new() { Key = "TEAM", Value = "others" }] })));
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, "three", second, new() { SourceIdentity = "eve" })));
        Assert.Equal("InvalidParameterValue", await AccessCloud.CodeOfAsync(
            () => AssumeAsync(cloud, "three", null, new() { TransitiveTagKeys = ["team"] })));
    }

    [Fact]
    public async Task TagsAndSourceIdentityNeedTheRolesTrust()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("plain");
        await AssumeAsync(cloud, "plain", null, new());
        var tagged = await Assert.ThrowsAsync<AwsError>(
            () => AssumeAsync(cloud, "plain", null, new() { Tags = [new() { Key = "team", Value = "orders" }] }));
        Assert.Contains("is not authorized to perform: sts:TagSession on resource: arn:aws:iam::123456789012:role/plain", tagged.Message, StringComparison.Ordinal);
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, "plain", null, new() { SourceIdentity = "bob" })));
    }

    [Fact]
    public async Task AnExternalIdThatThePolicyAsksForMustBeGiven()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("partner", AccessCloud.TrustAccount.Replace(
            "\"Action\"", """
                "Condition":{"StringEquals":{"sts:ExternalId":"secret-7"}},"Action"
                """, StringComparison.Ordinal));
        await AssumeAsync(cloud, "partner", null, new() { ExternalId = "secret-7" });
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, "partner", null, new() { ExternalId = "secret-8" })));
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, "partner", null, new())));
    }

    [Fact]
    public async Task SessionsOfADeletedRoleAreOverAlsoAfterItsNameComesBack()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        var session = (await AssumeAsync(cloud, "worker", null, new())).Credentials!;
        Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Status);
        await cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "worker" });
        Assert.Equal(KeyStatus.Unknown, (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Status);
        await cloud.CreateRoleAsync("worker");
        Assert.Equal(KeyStatus.Unknown, (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Status);
    }

    [Fact]
    public async Task AFederatedUserActsUnderItsOwnNameAndNeverAsTheAdministrator()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var outcome = await cloud.BootstrapAsync();
        var admin = (await cloud.Keys.FindAsync(outcome.AccessKeyId, null, default)).Caller!;
        var answer = await cloud.CallAsync(StsOperations.GetFederationToken,
            new GetFederationTokenRequest { Name = "visitor", Policy = AccessCloud.AllowAll, DurationSeconds = 900 }, admin);
        Assert.Equal(("arn:aws:sts::123456789012:federated-user/visitor", "123456789012:visitor"),
            (answer.FederatedUser!.Arn, answer.FederatedUser.FederatedUserId));

        var visitor = (await cloud.Keys.FindAsync(answer.Credentials!.AccessKeyId!, answer.Credentials.SessionToken, default)).Caller!;
        Assert.Equal((answer.FederatedUser.Arn, answer.FederatedUser.FederatedUserId, false), (visitor.Arn, visitor.UserId, visitor.IsAdministrator));
        Assert.Equal(("admin", AccessCloud.AllowAll), (visitor.Session!.FederatingUser, visitor.Session.Policy));
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(StsOperations.GetFederationToken, new GetFederationTokenRequest { Name = "another" }, visitor)));
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(StsOperations.GetSessionToken, new GetSessionTokenRequest(), visitor)));
    }

    [Fact]
    public async Task AFederatedUserMayDoWhatBothItsPolicyAndItsUserAllow()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        var outcome = await cloud.BootstrapAsync();
        await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest
        {
            UserName = "bob", PolicyName = "some", PolicyDocument = AccessCloud.AllowAll.Replace("\"*\",\"Resource", "[\"sts:*\",\"kms:ListKeys\"],\"Resource", StringComparison.Ordinal),
        });
        Task ListKeys(Caller caller) => cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest(), caller);
        Task ListAliases(Caller caller) => cloud.CallAsync(KmsOperations.ListAliases, new ListAliasesRequest(), caller);

        await ListKeys(await VisitorAsync(cloud, key.AccessKeyId!, AccessCloud.AllowAll));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(async () => await ListAliases(await VisitorAsync(cloud, key.AccessKeyId!, AccessCloud.AllowAll))));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(async () => await ListKeys(await VisitorAsync(cloud, key.AccessKeyId!, null))));
        await ListAliases(await VisitorAsync(cloud, outcome.AccessKeyId, AccessCloud.AllowAll));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(async () => await ListKeys(await VisitorAsync(cloud, outcome.AccessKeyId, null))));
    }

    [Fact]
    public async Task AFederatedUserNeitherCallsIamNorGoesOnToARole()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker", TrustSessions);
        var visitor = await VisitorAsync(cloud, (await cloud.BootstrapAsync()).AccessKeyId, AccessCloud.AllowAll);

        await cloud.CallAsync(StsOperations.GetCallerIdentity, new(), visitor);
        await AssertNoIamAsync(cloud, visitor);
        Assert.Equal("Cannot call AssumeRole with session credentials", await RefusalAsync(() => AssumeAsync(cloud, "worker", visitor, new())));
        Assert.Equal("Cannot call GetAccessKeyInfo with session credentials", await RefusalAsync(
            () => cloud.CallAsync(StsOperations.GetAccessKeyInfo, new() { AccessKeyId = visitor.AccessKeyId }, visitor)));
    }

    [Fact]
    public async Task AUsersSessionGoesOnToARoleAndNeverCallsIam()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        var admin = (await cloud.Keys.FindAsync((await cloud.BootstrapAsync()).AccessKeyId, null, default)).Caller!;
        var credentials = (await cloud.CallAsync(StsOperations.GetSessionToken, new(), admin)).Credentials!;
        // An administrator's session is no exception.
        var session = (await cloud.Keys.FindAsync(credentials.AccessKeyId!, credentials.SessionToken, default)).Caller!;

        await cloud.CallAsync(StsOperations.GetCallerIdentity, new(), session);
        await AssertNoIamAsync(cloud, session);
        Assert.Equal("Cannot call GetFederationToken with session credentials", await RefusalAsync(
            () => cloud.CallAsync(StsOperations.GetFederationToken, new() { Name = "visitor" }, session)));
        Assert.Equal("Cannot call GetAccessKeyInfo with session credentials", await RefusalAsync(
            () => cloud.CallAsync(StsOperations.GetAccessKeyInfo, new() { AccessKeyId = session.AccessKeyId }, session)));

        var worker = await CallerAsync(cloud, await AssumeAsync(cloud, "worker", session, new()));
        await cloud.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = "worker", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        await cloud.CallAsync(IamOperations.ListGroups, new(), worker);
    }

    [Fact]
    public async Task AUserMayDoWhatItsGroupsMay()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        await cloud.CallAsync(IamOperations.CreateGroup, new CreateGroupRequest { GroupName = "Devs" });
        await cloud.CallAsync(IamOperations.PutGroupPolicy,
            new PutGroupPolicyRequest { GroupName = "devs", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        var bob = (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
        Task List() => cloud.CallAsync(IamOperations.ListGroups, new ListGroupsRequest(), bob);
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(List));
        await cloud.CallAsync(IamOperations.AddUserToGroup, new AddUserToGroupRequest { GroupName = "devs", UserName = "bob" });
        await List();
        await cloud.CallAsync(IamOperations.RemoveUserFromGroup, new RemoveUserFromGroupRequest { GroupName = "devs", UserName = "bob" });
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(List));
    }

    [Theory]
    [InlineData(899)]
    [InlineData(129_601)]
    public async Task SessionsOfUsersHaveBounds(int seconds)
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        await cloud.CallAsync(IamOperations.PutUserPolicy,
            new PutUserPolicyRequest { UserName = "bob", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        var bob = (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            StsOperations.GetFederationToken, new GetFederationTokenRequest { Name = "visitor", DurationSeconds = seconds }, bob)));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            StsOperations.GetSessionToken, new GetSessionTokenRequest { DurationSeconds = seconds }, bob)));
    }

    private static async Task<Caller> VisitorAsync(AccessCloud cloud, string keyId, string? policy)
    {
        var caller = (await cloud.Keys.FindAsync(keyId, null, default)).Caller!;
        var session = (await cloud.CallAsync(StsOperations.GetFederationToken, new() { Name = "visitor", Policy = policy }, caller)).Credentials!;
        return (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Caller!;
    }

    private static async Task AssertNoIamAsync(AccessCloud cloud, Caller caller)
    {
        var refusal = await Assert.ThrowsAsync<AwsError>(() => cloud.CallAsync(IamOperations.ListGroups, new(), caller));
        Assert.Equal(("InvalidClientTokenId", 403, "The security token included in the request is invalid"), (refusal.Code, refusal.HttpStatus, refusal.Message));
    }

    private static async Task<string> RefusalAsync(Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<AwsError>(call);
        Assert.Equal(("AccessDenied", 403), (refusal.Code, refusal.HttpStatus));
        return refusal.Message;
    }

    private static Task<AssumeRoleResponse> AssumeAsync(AccessCloud cloud, string role, Caller? caller, AssumeRoleRequest request)
    {
        (request.RoleArn, request.RoleSessionName) = ($"arn:aws:iam::123456789012:role/{role}", "job");
        return cloud.CallAsync(StsOperations.AssumeRole, request, caller);
    }

    private static async Task<Caller> CallerAsync(AccessCloud cloud, AssumeRoleResponse answer) =>
        (await cloud.Keys.FindAsync(answer.Credentials!.AccessKeyId!, answer.Credentials.SessionToken, default)).Caller!;
}
