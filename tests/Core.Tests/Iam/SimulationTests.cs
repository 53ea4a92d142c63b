using System.Text.Json;
using Longspan.Api.Iam;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class SimulationTests
{
    private const string Bob = $"arn:aws:iam::{AccessCloud.Account}:user/bob";
    private const string Orders = $"arn:aws:sqs:{AccessCloud.Region}:{AccessCloud.Account}:orders";
    private const string Other = $"arn:aws:sqs:{AccessCloud.Region}:{AccessCloud.Account}:other";
    private const string Mine = """
        {"Version":"2012-10-17","Statement":[
          {"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:orders","Condition":{"StringEquals":{"aws:PrincipalTag/team":"${aws:RequestTag/team}"}}},
          {"Effect":"Deny","Action":"sqs:PurgeQueue","Resource":"*"}]}
        """;

    [Fact]
    public async Task AUsersPoliciesAreTriedForEachActionAndResource()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new() { UserName = "bob", Tags = [new() { Key = "team", Value = "a" }] });
        await cloud.CallAsync(IamOperations.PutUserPolicy, new() { UserName = "bob", PolicyName = "mine", PolicyDocument = Mine });
        var request = new SimulatePrincipalPolicyRequest
        {
            PolicySourceArn = Bob, ActionNames = ["sqs:SendMessage", "sqs:PurgeQueue", "ecs:RunTask"], ResourceArns = [Orders, Other],
            ContextEntries = [new() { ContextKeyName = "aws:requesttag/team", ContextKeyType = "string", ContextKeyValues = ["a"] }],
        };
        var results = (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)).EvaluationResults!;
        Assert.Equal(["implicitDeny", "explicitDeny", "implicitDeny"], results.Select(r => r.EvalDecision));
        Assert.Equal(["allowed", "implicitDeny"], results[0].ResourceSpecificResults!.Select(r => r.EvalResourceDecision));
        var allow = Assert.Single(results[0].ResourceSpecificResults![0].MatchedStatements!);
        Assert.Equal(("mine", "user", 2, 3), (allow.SourcePolicyId, allow.SourcePolicyType, allow.StartPosition!.Line, allow.StartPosition.Column));
        var deny = Assert.Single(results[1].MatchedStatements!);
        Assert.Equal((3, 3, 61), (deny.StartPosition!.Line, deny.StartPosition.Column, deny.EndPosition!.Column));

        // Without the key the simulation says what it would have to know.
        var blind = (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, new() { PolicySourceArn = Bob, ActionNames = ["sqs:SendMessage"], ResourceArns = [Orders] }))
            .EvaluationResults!.Single();
        Assert.Equal("implicitDeny", blind.EvalDecision);
        Assert.Equal(["aws:RequestTag/team"], blind.ResourceSpecificResults!.Single().MissingContextValues!);
        Assert.Equal(
            ["aws:PrincipalTag/team", "aws:RequestTag/team"],
            (await cloud.CallAsync(IamOperations.GetContextKeysForPrincipalPolicy, new() { PolicySourceArn = Bob })).ContextKeyNames!);
    }

    [Fact]
    public async Task AGroupsPoliciesAreTriedWithoutAMember()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateGroup, new() { GroupName = "devs", Path = "/staff/" });
        await cloud.CallAsync(IamOperations.PutGroupPolicy, new() { GroupName = "devs", PolicyName = "mine", PolicyDocument = Mine });
        await cloud.CallAsync(IamOperations.AttachGroupPolicy, new() { GroupName = "devs", PolicyArn = ManagedPolicies.ArnOf("AmazonSSMReadOnlyAccess") });
        var group = $"arn:aws:iam::{AccessCloud.Account}:group/staff/devs";
        var request = new SimulatePrincipalPolicyRequest { PolicySourceArn = group, ActionNames = ["sqs:PurgeQueue", "sqs:SendMessage", "ssm:GetParameter"] };
        var results = (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)).EvaluationResults!;
        Assert.Equal(["explicitDeny", "implicitDeny", "allowed"], results.Select(r => r.EvalDecision));
        Assert.Equal(("mine", "group"), Assert.Single(results[0].MatchedStatements!) is var deny ? (deny.SourcePolicyId, deny.SourcePolicyType) : default);
        Assert.Equal(
            ["aws:PrincipalTag/team", "aws:RequestTag/team"],
            (await cloud.CallAsync(IamOperations.GetContextKeysForPrincipalPolicy, new() { PolicySourceArn = group })).ContextKeyNames!);

        // As its policies change, so do the answers.
        await cloud.CallAsync(IamOperations.DeleteGroupPolicy, new() { GroupName = "devs", PolicyName = "mine" });
        results = (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)).EvaluationResults!;
        Assert.Equal(["implicitDeny", "implicitDeny", "allowed"], results.Select(r => r.EvalDecision));

        request.ResourcePolicy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}""";
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)));
        await cloud.CallAsync(IamOperations.CreateUser, new() { UserName = "bob" });
        request.CallerArn = Bob;
        results = (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)).EvaluationResults!;
        Assert.Equal(["implicitDeny", "allowed", "allowed"], results.Select(r => r.EvalDecision));
        request.CallerArn = group;
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)));
        request.PolicySourceArn = group.Replace("devs", "nobody", StringComparison.Ordinal);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, request)));
    }

    [Fact]
    public async Task PoliciesOfTheRequestAreTriedByThemselves()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var request = new SimulateCustomPolicyRequest { PolicyInputList = [AccessCloud.AllowAll], ActionNames = ["sqs:SendMessage"] };
        var result = (await cloud.CallAsync(IamOperations.SimulateCustomPolicy, request)).EvaluationResults!.Single();
        Assert.Equal(("allowed", "*", "PolicyInputList.1"), (result.EvalDecision, result.EvalResourceName, result.MatchedStatements!.Single().SourcePolicyId));

        request.PermissionsBoundaryPolicyInputList = ["""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecs:*","Resource":"*"}}"""];
        result = (await cloud.CallAsync(IamOperations.SimulateCustomPolicy, request)).EvaluationResults!.Single();
        Assert.Equal(("implicitDeny", false), (result.EvalDecision, result.PermissionsBoundaryDecisionDetail!.AllowedByPermissionsBoundary));

        request.PolicyInputList = ["{}"];
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.SimulateCustomPolicy, request)));
        Assert.Equal(
            ["aws:PrincipalTag/team", "aws:RequestTag/team"],
            (await cloud.CallAsync(IamOperations.GetContextKeysForCustomPolicy, new() { PolicyInputList = [Mine] })).ContextKeyNames!);
    }

    [Fact]
    public async Task ResultsComeInPages()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var request = new SimulateCustomPolicyRequest { PolicyInputList = [AccessCloud.AllowAll], ActionNames = ["a:z", "a:b", "a:c"], MaxItems = 2 };
        var first = await cloud.CallAsync(IamOperations.SimulateCustomPolicy, request);
        Assert.True(first.IsTruncated);
        request.Marker = first.Marker;
        var second = await cloud.CallAsync(IamOperations.SimulateCustomPolicy, request);
        Assert.Equal(["a:z", "a:b", "a:c"], first.EvaluationResults!.Concat(second.EvaluationResults!).Select(r => r.EvalActionName));
    }

    [Fact]
    public async Task ManagedPoliciesHaveTextsThatCanBeReadAndTried()
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var arn in ManagedPolicies.Resources.Select(ManagedPolicies.ArnOf))
        {
            var version = (await cloud.CallAsync(IamOperations.GetPolicyVersion, new() { PolicyArn = arn, VersionId = "v1" })).PolicyVersion!;
            await cloud.CallAsync(IamOperations.GetContextKeysForCustomPolicy, new() { PolicyInputList = [Uri.UnescapeDataString(version.Document!)] });
        }
        await cloud.CreateRoleAsync("worker");
        Task Attach(string policy) => cloud.CallAsync(IamOperations.AttachRolePolicy, new() { RoleName = "worker", PolicyArn = ManagedPolicies.ArnOf(policy) });
        async Task<string[]> Try(params List<string> actions) =>
        [
            .. (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, new()
            {
                PolicySourceArn = $"arn:aws:iam::{AccessCloud.Account}:role/worker", ActionNames = actions,
            })).EvaluationResults!.Where(r => r.EvalDecision == "allowed").Select(r => r.EvalActionName!),
        ];
        await Attach("service-role/AmazonECSTaskExecutionRolePolicy");
        Assert.Equal(["ecr:BatchGetImage", "logs:PutLogEvents"], await Try("ecr:BatchGetImage", "ecr:PutImage", "logs:PutLogEvents", "ssm:GetParameters"));
        await Attach("PowerUserAccess");
        Assert.Equal(["ecs:CreateCluster", "iam:ListRoles"], await Try("ecs:CreateCluster", "iam:CreateUser", "iam:ListRoles"));
        await Attach("AWSDenyAll");
        Assert.Empty(await Try("ecs:CreateCluster", "iam:ListRoles"));
    }

    [Theory]
    [InlineData("AmazonS3FullAccess", "s3:GetObject", "s3:PutObject")]
    [InlineData("AmazonS3ReadOnlyAccess", "s3:GetObject", "s3:ListBucket")]
    [InlineData("CloudWatchFullAccess", "cloudwatch:PutMetricData", "logs:PutLogEvents")]
    [InlineData("CloudWatchFullAccessV2", "cloudwatch:PutMetricData", "logs:PutLogEvents", "xray:PutTraceSegments")]
    [InlineData("CloudWatchReadOnlyAccess", "logs:FilterLogEvents", "xray:GetTraceSummaries")]
    [InlineData("AWSXRayFullAccess", "xray:PutTraceSegments", "xray:GetTraceSummaries")]
    [InlineData("AmazonSSMManagedEC2InstanceDefaultPolicy", "ssm:UpdateInstanceInformation")]
    [InlineData("service-role/AmazonEC2ContainerServiceAutoscaleRole", "ecs:UpdateService")]
    [InlineData("service-role/AmazonEC2RoleforSSM", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:PutLogEvents", "ssm:UpdateInstanceInformation", "ssm:GetParameters")]
    public async Task ManagedPoliciesAllowWhatTheirNamesSay(string policy, params string[] allowed)
    {
        string[] actions =
        [
            "s3:GetObject", "s3:PutObject", "s3:ListBucket", "cloudwatch:PutMetricData", "logs:PutLogEvents", "logs:FilterLogEvents", "xray:PutTraceSegments",
            "xray:GetTraceSummaries", "ssm:UpdateInstanceInformation", "ssm:GetParameters", "ssm:PutParameter", "ecs:UpdateService", "ecs:RunTask", "iam:CreateUser",
        ];
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new() { UserName = "bob" });
        await cloud.CallAsync(IamOperations.AttachUserPolicy, new() { UserName = "bob", PolicyArn = ManagedPolicies.ArnOf(policy) });
        var results = (await cloud.CallAsync(IamOperations.SimulatePrincipalPolicy, new() { PolicySourceArn = Bob, ActionNames = [.. actions] })).EvaluationResults!;
        var may = results.Where(r => r.EvalDecision == "allowed").Select(r => r.EvalActionName!).ToList();
        Assert.All(allowed, action => Assert.Contains(action, may));
        // What is beside the point of the policy's service stays shut.
        var services = allowed.Select(action => action.Split(':')[0]).Append("cloudwatch").Append("logs").Append("xray");
        Assert.DoesNotContain(may, action => !services.Contains(action.Split(':')[0]));
        Assert.DoesNotContain(may, action => policy.Contains("ReadOnly", StringComparison.Ordinal) && action.Contains(":Put", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARefusalsReasonsAreForThoseWhoMayOpenThem()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new() { UserName = "bob" });
        await cloud.CallAsync(IamOperations.PutUserPolicy, new() { UserName = "bob", PolicyName = "mine", PolicyDocument = Mine });
        var key = (await cloud.CallAsync(IamOperations.CreateAccessKey, new() { UserName = "bob" })).AccessKey!;
        var bob = (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
        var call = new CallContext(cloud.Cloud, bob, AccessCloud.Region, "1", cloud.Cloud.Settings.Endpoint);
        var refused = await Assert.ThrowsAsync<Api.Shapes.AwsError>(() => cloud.Cloud.Access.RequireAsync(
            call, Api.Sqs.SqsOperations.PurgeQueue, [new AccessDemand("sqs:PurgeQueue", Orders)], default).AsTask());
        Assert.DoesNotContain("mine", refused.AuthorizationMessage, StringComparison.Ordinal);

        var decode = new DecodeAuthorizationMessageRequest { EncodedMessage = refused.AuthorizationMessage };
        var denied = await Assert.ThrowsAsync<Api.Shapes.AwsError>(() => cloud.CallAsync(StsOperations.DecodeAuthorizationMessage, decode, bob));
        Assert.Equal($"User: {Bob} is not authorized to perform: sts:DecodeAuthorizationMessage on resource: *", denied.Message);
        using var told = JsonDocument.Parse((await cloud.CallAsync(StsOperations.DecodeAuthorizationMessage, decode)).DecodedMessage!);
        Assert.True(told.RootElement.GetProperty("explicitDeny").GetBoolean());
        Assert.Equal("mine", told.RootElement.GetProperty("matchedStatements").GetProperty("items")[0].GetProperty("sourcePolicyId").GetString());
        Assert.Equal(Bob, told.RootElement.GetProperty("context").GetProperty("principal").GetProperty("arn").GetString());

        cloud.Clock.Advance(AuthorizationMessages.Life);
        Assert.Equal("InvalidAuthorizationMessageException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(StsOperations.DecodeAuthorizationMessage, decode)));
        decode.EncodedMessage = "AAAA" + refused.AuthorizationMessage;
        Assert.Equal("InvalidAuthorizationMessageException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(StsOperations.DecodeAuthorizationMessage, decode)));
    }
}
