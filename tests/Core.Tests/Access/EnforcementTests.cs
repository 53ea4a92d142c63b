using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access;

/// <summary>Policies as they reach a call: found with the caller, current at once, and refused in the service's words.</summary>
public sealed class EnforcementTests
{
    private const string Queue = $"arn:aws:sqs:{AccessCloud.Region}:{AccessCloud.Account}:orders";
    private const string AllowSend = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}}""";
    private const string DenySend = """{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sqs:SendMessage","Resource":"*"}}""";
    private const string AllowReceive = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"*"}}""";
    private const string AllowTagged =
        """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/queue}"}}""";

    [Fact]
    public async Task AChangeOfAPolicyCountsAtOnce()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var bob = await UserAsync(cloud, "bob");
        Assert.False(await MaySendAsync(cloud, bob));
        await cloud.CallAsync(IamOperations.PutUserPolicy, new() { UserName = "bob", PolicyName = "send", PolicyDocument = AllowSend });
        Assert.True(await MaySendAsync(cloud, bob));
        await cloud.CallAsync(IamOperations.PutUserPolicy, new() { UserName = "bob", PolicyName = "stop", PolicyDocument = DenySend });
        Assert.False(await MaySendAsync(cloud, bob));
        await cloud.CallAsync(IamOperations.DeleteUserPolicy, new() { UserName = "bob", PolicyName = "stop" });
        await cloud.CallAsync(IamOperations.DeleteUserPolicy, new() { UserName = "bob", PolicyName = "send" });
        Assert.False(await MaySendAsync(cloud, bob));
        Assert.True(await MaySendAsync(cloud, cloud.Administrator));
    }

    [Fact]
    public async Task ManagedPoliciesAndBoundariesAreRead()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var arn = (await cloud.CallAsync(IamOperations.CreatePolicy, new() { PolicyName = "send", PolicyDocument = AllowSend })).Policy!.Arn!;
        var bob = await UserAsync(cloud, "bob");
        await cloud.CallAsync(IamOperations.AttachUserPolicy, new() { UserName = "bob", PolicyArn = arn });
        Assert.True(await MaySendAsync(cloud, bob));
        await cloud.CallAsync(IamOperations.CreatePolicyVersion, new() { PolicyArn = arn, PolicyDocument = DenySend, SetAsDefault = true });
        Assert.False(await MaySendAsync(cloud, bob));
        await cloud.CallAsync(IamOperations.SetDefaultPolicyVersion, new() { PolicyArn = arn, VersionId = "v1" });
        Assert.True(await MaySendAsync(cloud, bob));
        await cloud.CallAsync(IamOperations.AttachUserPolicy, new() { UserName = "bob", PolicyArn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess" });

        var receive = (await cloud.CallAsync(IamOperations.CreatePolicy, new() { PolicyName = "receive", PolicyDocument = AllowReceive })).Policy!.Arn!;
        await cloud.CallAsync(IamOperations.CreateUser, new() { UserName = "eve", PermissionsBoundary = receive });
        await cloud.CallAsync(IamOperations.AttachUserPolicy, new() { UserName = "eve", PolicyArn = arn });
        Assert.False(await MaySendAsync(cloud, await KeyedAsync(cloud, "eve")));
    }

    [Fact]
    public async Task ASessionIsBoundByItsPoliciesAndCarriesItsTags()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker", AccessCloud.TrustAccount.Replace("\"sts:AssumeRole\"", "[\"sts:AssumeRole\",\"sts:TagSession\"]", StringComparison.Ordinal));
        await cloud.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = "worker", PolicyName = "send", PolicyDocument = AllowTagged });
        Assert.False(await MaySendAsync(cloud, await AssumeAsync(cloud, new())));
        Assert.True(await MaySendAsync(cloud, await AssumeAsync(cloud, new() { Tags = [new() { Key = "queue", Value = "orders" }] })));
        await cloud.CallAsync(IamOperations.TagRole, new() { RoleName = "worker", Tags = [new() { Key = "Queue", Value = "orders" }] });
        Assert.True(await MaySendAsync(cloud, await AssumeAsync(cloud, new())));
        Assert.False(await MaySendAsync(cloud, await AssumeAsync(cloud, new() { Tags = [new() { Key = "queue", Value = "other" }] })));

        Assert.True(await MaySendAsync(cloud, await AssumeAsync(cloud, new() { Policy = AllowSend })));
        Assert.False(await MaySendAsync(cloud, await AssumeAsync(cloud, new() { Policy = AllowReceive })));
        var receive = (await cloud.CallAsync(IamOperations.CreatePolicy, new() { PolicyName = "receive", PolicyDocument = AllowReceive })).Policy!.Arn!;
        Assert.False(await MaySendAsync(cloud, await AssumeAsync(cloud, new() { PolicyArns = [new() { Arn = receive }] })));
        // A session's policies are one set: each may allow.
        Assert.True(await MaySendAsync(cloud, await AssumeAsync(cloud, new() { PolicyArns = [new() { Arn = receive }], Policy = AllowSend })));
    }

    [Fact]
    public async Task WhoCameBackUnderAnOldNameHasNothingOfThePolicies()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var former = await UserAsync(cloud, "bob");
        await cloud.CallAsync(IamOperations.PutUserPolicy, new() { UserName = "bob", PolicyName = "send", PolicyDocument = AllowSend });
        Assert.True(await MaySendAsync(cloud, former));
        Assert.False(await MaySendAsync(cloud, former with { UserId = "AIDASOMEBODYELSEXXXX" }));
    }

    [Fact]
    public async Task RevokingARolesSessionsEndsTheOldOnesAndNoOthers()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        await cloud.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = "worker", PolicyName = "send", PolicyDocument = AllowSend });
        var stolen = await AssumeAsync(cloud, new());
        Assert.True(await MaySendAsync(cloud, stolen));

        // What IAM's console writes for "Revoke active sessions".
        cloud.Clock.Advance(TimeSpan.FromMinutes(1));
        await cloud.CallAsync(IamOperations.PutRolePolicy, new()
        {
            RoleName = "worker", PolicyName = "AWSRevokeOlderSessions",
            PolicyDocument = """
                {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"NOW"}}}]}
                """.Replace("NOW", $"{cloud.Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}", StringComparison.Ordinal),
        });
        Assert.False(await MaySendAsync(cloud, stolen));
        Assert.True(await MaySendAsync(cloud, await AssumeAsync(cloud, new())));
        cloud.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await MaySendAsync(cloud, await AssumeAsync(cloud, new())));
        Assert.False(await MaySendAsync(cloud, stolen));
    }

    [Fact]
    public void EachServiceRefusesInItsOwnForm()
    {
        var call = new CallContext(null!, Caller.Anonymous(AccessCloud.Account), AccessCloud.Region, "1", new Uri("http://localhost"));
        AwsError Of(Operation operation) => Authorizer.Refuse(
            call, operation, AccessDecision.ImplicitDeny(PolicyKind.Identity), new AccessDemand(operation.ActionName, Queue));
        var ecs = Of(Api.Ecs.EcsOperations.RunTask);
        Assert.Equal(("AccessDeniedException", 400), (ecs.Code, ecs.HttpStatus));
        var iam = Of(IamOperations.CreateUser);
        Assert.Equal(("AccessDenied", 403), (iam.Code, iam.HttpStatus));
        var sqs = Of(Api.Sqs.SqsOperations.SendMessage);
        Assert.Equal(("AccessDeniedException", "AccessDenied", 403), (sqs.Code, sqs.QueryCode, sqs.HttpStatus));
        Assert.Contains("perform: sqs:sendmessage on resource:", sqs.Message, StringComparison.Ordinal);
    }

    private static async Task<bool> MaySendAsync(AccessCloud cloud, Caller caller)
    {
        var call = new CallContext(cloud.Cloud, caller, AccessCloud.Region, "1", cloud.Cloud.Settings.Endpoint);
        return (await cloud.Cloud.Access.DecideAsync(call, new AccessDemand("sqs:SendMessage", Queue), default)).IsAllowed;
    }

    private static async Task<Caller> UserAsync(AccessCloud cloud, string name)
    {
        await cloud.CallAsync(IamOperations.CreateUser, new() { UserName = name });
        return await KeyedAsync(cloud, name);
    }

    private static async Task<Caller> KeyedAsync(AccessCloud cloud, string name)
    {
        var key = (await cloud.CallAsync(IamOperations.CreateAccessKey, new() { UserName = name })).AccessKey!;
        return (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
    }

    private static async Task<Caller> AssumeAsync(AccessCloud cloud, AssumeRoleRequest request)
    {
        request.RoleArn = $"arn:aws:iam::{AccessCloud.Account}:role/worker";
        request.RoleSessionName = "job";
        var session = (await cloud.CallAsync(StsOperations.AssumeRole, request)).Credentials!;
        return (await cloud.Keys.FindAsync(session.AccessKeyId!, session.SessionToken, default)).Caller!;
    }
}
