using System.Text.Json;
using Longspan.Api.CloudTrail;
using Longspan.Api.Iam;
using Longspan.Api.Ssm;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.CloudTrail;

/// <summary>From what a session did, the trail leads to who opened it.</summary>
public sealed class AuditSessionTests
{
    private const string RoleArn = $"arn:aws:iam::{AuditCloud.Account}:role/ops/deployer";
    private const string SessionArn = $"arn:aws:sts::{AuditCloud.Account}:assumed-role/deployer/build-7";
    private const string Trust = """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}]}
        """;

    private static JsonElement Parse(Event one) => JsonDocument.Parse(one.CloudTrailEvent!).RootElement;

    private static async Task<AssumeRoleResponse> AssumeAsync(AuditCloud cloud)
    {
        await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest { RoleName = "deployer", Path = "/ops/", AssumeRolePolicyDocument = Trust });
        await cloud.CallAsync(IamOperations.PutRolePolicy, new PutRolePolicyRequest { RoleName = "deployer", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        return await cloud.CallAsync(
            StsOperations.AssumeRole, new AssumeRoleRequest { RoleArn = RoleArn, RoleSessionName = "build-7", SourceIdentity = "ann" });
    }

    private static async Task<JsonElement> IdentityOfAsync(AuditCloud cloud, string eventName) =>
        Parse(Assert.Single(await cloud.LookUpAsync("EventName", eventName))).GetProperty("userIdentity");

    [Fact]
    public async Task What_a_role_session_does_names_the_role_the_session_and_where_it_came_from()
    {
        await using var cloud = await AuditCloud.StartAsync();
        var begun = cloud.Clock.GetUtcNow();
        var session = await cloud.HolderOfAsync((await AssumeAsync(cloud)).Credentials!);
        cloud.Clock.Advance(TimeSpan.FromMinutes(5));
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "bob" }, session);

        Assert.Equal("CreateUser", Assert.Single(await cloud.LookUpAsync("Username", "build-7")).EventName);
        var identity = await IdentityOfAsync(cloud, "CreateUser");
        Assert.Equal(("AssumedRole", SessionArn), (identity.GetProperty("type").GetString(), identity.GetProperty("arn").GetString()));
        var context = identity.GetProperty("sessionContext");
        Assert.Equal(
            $$"""{"type":"Role","principalId":"{{session.UserId.Split(':')[0]}}","arn":"{{RoleArn}}","accountId":"{{AuditCloud.Account}}","userName":"deployer"}""",
            context.GetProperty("sessionIssuer").GetRawText());
        Assert.Equal($$"""{"creationDate":"{{begun:yyyy-MM-ddTHH:mm:ssZ}}","mfaAuthenticated":"false"}""", context.GetProperty("attributes").GetRawText());
        Assert.Equal("ann", context.GetProperty("sourceIdentity").GetString());
    }

    [Fact]
    public async Task The_call_that_opened_a_session_tells_its_key_and_is_found_by_it()
    {
        await using var cloud = await AuditCloud.StartAsync();
        var answer = await AssumeAsync(cloud);
        var session = await cloud.HolderOfAsync(answer.Credentials!);
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "bob" }, session);

        var did = Assert.Single(await cloud.LookUpAsync("AccessKeyId", answer.Credentials!.AccessKeyId));
        Assert.Equal(("CreateUser", "build-7"), (did.EventName, did.Username));
        foreach (var name in (string[])[did.AccessKeyId!, SessionArn])
        {
            var opened = Assert.Single(await cloud.LookUpAsync("ResourceName", name));
            Assert.Equal(("AssumeRole", "admin"), (opened.EventName, opened.Username));
            Assert.Equal(["AWS::IAM::Role", "AWS::IAM::AccessKey", "AWS::STS::AssumedRole"], opened.Resources!.Select(r => r.ResourceType).Distinct());
        }
        Assert.Equal(
            $$$"""
            {"credentials":{"accessKeyId":"{{{did.AccessKeyId}}}","expiration":"{{{answer.Credentials.Expiration:yyyy-MM-ddTHH:mm:ssZ}}}"},
            "assumedRoleUser":{"assumedRoleId":"{{{session.UserId}}}","arn":"{{{SessionArn}}}"},"sourceIdentity":"ann"}
            """.ReplaceLineEndings(""),
            Parse(Assert.Single(await cloud.LookUpAsync("EventName", "AssumeRole"))).GetProperty("responseElements").GetRawText());
    }

    [Fact]
    public async Task Sessions_of_users_and_federated_users_are_told_alike()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "ann" });
        await cloud.CallAsync(IamOperations.PutUserPolicy, new PutUserPolicyRequest { UserName = "ann", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        var key = (await cloud.CallAsync(IamOperations.CreateAccessKey, new CreateAccessKeyRequest { UserName = "ann" })).AccessKey!;
        var ann = (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
        var own = (await cloud.CallAsync(StsOperations.GetSessionToken, new GetSessionTokenRequest(), ann)).Credentials!;
        var visit = await cloud.CallAsync(StsOperations.GetFederationToken, new GetFederationTokenRequest { Name = "visitor", Policy = AccessCloud.AllowAll }, ann);
        await cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = "own", Value = "v", Type = "String" }, await cloud.HolderOfAsync(own));
        await cloud.CallAsync(SsmOperations.DeleteParameter, new DeleteParameterRequest { Name = "own" }, await cloud.HolderOfAsync(visit.Credentials!));

        Assert.Equal("CreateAccessKey", Assert.Single(await cloud.LookUpAsync("ResourceName", key.AccessKeyId)).EventName);
        Assert.Equal("GetSessionToken", Assert.Single(await cloud.LookUpAsync("ResourceName", own.AccessKeyId)).EventName);
        Assert.Equal("GetFederationToken", Assert.Single(await cloud.LookUpAsync("ResourceName", visit.Credentials!.AccessKeyId)).EventName);
        var context = (await IdentityOfAsync(cloud, "PutParameter")).GetProperty("sessionContext");
        Assert.Equal("false", context.GetProperty("attributes").GetProperty("mfaAuthenticated").GetString());
        Assert.False(context.TryGetProperty("sessionIssuer", out _));
        var visitor = await IdentityOfAsync(cloud, "DeleteParameter");
        Assert.Equal("FederatedUser", visitor.GetProperty("type").GetString());
        Assert.Equal("ann", visitor.GetProperty("sessionContext").GetProperty("sessionIssuer").GetProperty("userName").GetString());
    }

    [Fact]
    public async Task No_secret_or_token_of_a_session_reaches_the_trail()
    {
        await using var cloud = await AuditCloud.StartAsync();
        var given = new List<Credentials> { (await AssumeAsync(cloud)).Credentials! };
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "admin" });
        given.Add((await cloud.CallAsync(StsOperations.GetSessionToken, new GetSessionTokenRequest())).Credentials!);
        given.Add((await cloud.CallAsync(StsOperations.GetFederationToken, new GetFederationTokenRequest { Name = "visitor" })).Credentials!);

        var texts = string.Concat((await cloud.LookUpAsync("EventSource", "sts.amazonaws.com")).Select(e => e.CloudTrailEvent));
        Assert.All(given, keys =>
        {
            Assert.Contains(keys.AccessKeyId!, texts, StringComparison.Ordinal);
            Assert.DoesNotContain(keys.SecretAccessKey!, texts, StringComparison.Ordinal);
            Assert.DoesNotContain(keys.SessionToken!, texts, StringComparison.Ordinal);
        });
        Assert.DoesNotContain("sessionToken", texts, StringComparison.Ordinal);
    }
}
