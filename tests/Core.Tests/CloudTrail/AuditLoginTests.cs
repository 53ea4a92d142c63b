using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Api.CloudTrail;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Ssm;
using Longspan.Core.Tests.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Audit;
using Xunit;

namespace Longspan.Core.Tests.CloudTrail;

/// <summary>Logins with identity tokens have no key, and are written down in the name of whom the token is about.</summary>
public sealed class AuditLoginTests
{
    private const string RoleArn = $"arn:aws:iam::{AuditCloud.Account}:role/deployer";
    private const string Subject = "repo:shop";

    private static JsonElement Parse(Event one) => JsonDocument.Parse(one.CloudTrailEvent!).RootElement;

    private static string ProviderArn(OidcIssuer issuer) => $"arn:aws:iam::{AuditCloud.Account}:oidc-provider/{issuer.Name}";

    private static async Task SetUpAsync(AuditCloud cloud, OidcIssuer issuer)
    {
        await cloud.CallAsync(IamOperations.CreateOpenIDConnectProvider, new CreateOpenIDConnectProviderRequest { Url = issuer.Url, ClientIDList = ["sts.amazonaws.com"] });
        await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest
        {
            RoleName = "deployer",
            AssumeRolePolicyDocument = $$$$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"{{{{ProviderArn(issuer)}}}}"},
                "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"{{{{issuer.Name}}}}:sub":"{{{{Subject}}}}"}}}]}
                """,
        });
    }

    private static Task<AssumeRoleWithWebIdentityResponse> LogInAsync(AuditCloud cloud, string token, string role = RoleArn) => cloud.CallAsync(
        StsOperations.AssumeRoleWithWebIdentity,
        new AssumeRoleWithWebIdentityRequest { RoleArn = role, RoleSessionName = "job", WebIdentityToken = token }, Caller.Anonymous(AuditCloud.Account));

    private static Task<IReadOnlyList<Event>> LoginsAsync(AuditCloud cloud) => cloud.LookUpAsync("EventName", "AssumeRoleWithWebIdentity");

    [Fact]
    public async Task A_login_names_the_subject_the_provider_and_the_session_it_opened()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var token = issuer.Token(cloud.Clock.GetUtcNow());
        var keys = (await LogInAsync(cloud, token)).Credentials!;

        var found = Assert.Single(await cloud.LookUpAsync("Username", Subject));
        Assert.Equal(("AssumeRoleWithWebIdentity", "sts.amazonaws.com", "true"), (found.EventName, found.EventSource, found.ReadOnly));
        var whole = Parse(found);
        Assert.Equal(
            $$"""{"type":"WebIdentityUser","principalId":"{{ProviderArn(issuer)}}:sts.amazonaws.com:{{Subject}}","userName":"{{Subject}}","identityProvider":"{{ProviderArn(issuer)}}"}""",
            whole.GetProperty("userIdentity").GetRawText());
        Assert.Equal("203.0.113.7", whole.GetProperty("sourceIPAddress").GetString());
        Assert.Equal(RoleArn, whole.GetProperty("requestParameters").GetProperty("roleArn").GetString());
        var answer = whole.GetProperty("responseElements");
        Assert.Equal((Subject, ProviderArn(issuer), "sts.amazonaws.com"), (answer.GetProperty("subjectFromWebIdentityToken").GetString(),
            answer.GetProperty("provider").GetString(), answer.GetProperty("audience").GetString()));
        Assert.Equal([RoleArn, keys.AccessKeyId!, $"arn:aws:sts::{AuditCloud.Account}:assumed-role/deployer/job"], found.Resources!.Select(r => r.ResourceName!));
        Assert.All((string[])[token, token.Split('.')[2], keys.SecretAccessKey!, keys.SessionToken!],
            secret => Assert.DoesNotContain(secret, found.CloudTrailEvent!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_session_does_names_the_provider()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var session = await cloud.HolderOfAsync((await LogInAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow()))).Credentials!);
        await Assert.ThrowsAnyAsync<AwsError>(() => cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "ann" }, session));

        var did = Assert.Single(await cloud.LookUpAsync("EventName", "CreateUser"));
        Assert.Equal(ProviderArn(issuer), Parse(did).GetProperty("userIdentity").GetProperty("sessionContext")
            .GetProperty("webIdFederationData").GetProperty("federatedProvider").GetString());
        Assert.Equal(Subject, Assert.Single(await cloud.LookUpAsync("ResourceName", did.AccessKeyId)).Username);
    }

    [Theory]
    [InlineData("sub", "repo:other", "repo:other", "sts.amazonaws.com", "AccessDenied")]
    [InlineData("aud", "someone.else", Subject, "someone.else", "InvalidIdentityTokenException")]
    [InlineData("azp", "someone.else", Subject, "someone.else", "InvalidIdentityTokenException")]
    public async Task A_refused_login_is_written_down(string claim, string value, string subject, string audience, string code)
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        await Assert.ThrowsAnyAsync<AwsError>(() => LogInAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow(), c => c[claim] = value)));

        var whole = Parse(Assert.Single(await cloud.LookUpAsync("Username", subject)));
        Assert.Equal(code, whole.GetProperty("errorCode").GetString());
        Assert.Equal($"{ProviderArn(issuer)}:{audience}:{subject}", whole.GetProperty("userIdentity").GetProperty("principalId").GetString());
        Assert.Equal(JsonValueKind.Null, whole.GetProperty("responseElements").ValueKind);
    }

    [Fact]
    public async Task A_login_to_a_role_that_does_not_exist_is_written_down()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var role = $"arn:aws:iam::{AuditCloud.Account}:role/nobody";
        await Assert.ThrowsAnyAsync<AwsError>(() => LogInAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow()), role));
        Assert.Equal("AccessDenied", Parse(Assert.Single(await cloud.LookUpAsync("ResourceName", role))).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Tokens_that_no_provider_vouches_for_leave_no_trace()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await using var stranger = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var now = cloud.Clock.GetUtcNow();
        var real = issuer.Token(now).Split('.');
        foreach (var token in (string[])
        [
            "not a token", "a.b.c", stranger.Token(now), $"{real[0]}.{issuer.Token(now, c => c["sub"] = "me").Split('.')[1]}.{real[2]}",
            issuer.Token(now.AddHours(-2)), issuer.Token(now, c => c.Remove("sub")),
        ])
        {
            await Assert.ThrowsAnyAsync<AwsError>(() => LogInAsync(cloud, token));
        }
        Assert.Empty(await LoginsAsync(cloud));
    }

    [Fact]
    public async Task Of_refused_logins_only_so_many_are_kept_in_an_hour_and_of_others_all()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var life = cloud.Clock.GetUtcNow().AddHours(9).ToUnixTimeSeconds();
        string Token(Action<JsonObject>? change = null) => issuer.Token(cloud.Clock.GetUtcNow(), c =>
        {
            c["exp"] = life;
            change?.Invoke(c);
        });
        var strange = Token(c => c["sub"] = "repo:strange");
        Task RefusedAsync() => Assert.ThrowsAnyAsync<AwsError>(() => LogInAsync(cloud, strange));

        for (var i = 0; i < AuditTrail.RefusedLoginsPerHour + 5; i++)
        {
            await RefusedAsync();
        }
        await LogInAsync(cloud, Token());
        Assert.Equal(AuditTrail.RefusedLoginsPerHour, await CountAsync(cloud, "repo:strange"));
        Assert.Equal(1, await CountAsync(cloud, Subject));

        cloud.Clock.Advance(TimeSpan.FromHours(1));
        await RefusedAsync();
        Assert.Equal(AuditTrail.RefusedLoginsPerHour + 1, await CountAsync(cloud, "repo:strange"));
    }

    [Fact]
    public async Task A_long_subject_is_cut()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        await Assert.ThrowsAnyAsync<AwsError>(() => LogInAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow(), c => c["sub"] = new string('s', 8000))));
        Assert.InRange(Assert.Single(await LoginsAsync(cloud)).CloudTrailEvent!.Length, 2000, 4000);
    }

    private static async Task<int> CountAsync(AuditCloud cloud, string user)
    {
        var count = 0;
        string? token = null;
        do
        {
            var page = await cloud.CallAsync(CloudTrailOperations.LookupEvents, new LookupEventsRequest
            {
                LookupAttributes = [new LookupAttribute { AttributeKey = "Username", AttributeValue = user }], NextToken = token,
            });
            count += page.Events!.Count;
            token = page.NextToken;
        }
        while (token is not null);
        return count;
    }

    [Fact]
    public async Task A_machine_that_registers_is_written_down_with_its_activation()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest
        {
            RoleName = "node",
            AssumeRolePolicyDocument = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}""",
        });
        var activation = await cloud.CallAsync(SsmOperations.CreateActivation, new CreateActivationRequest { IamRole = "node", RegistrationLimit = 1 });
        using var machine = new TestMachine();
        Task<RegisterManagedInstanceResult> RegisterAsync(string code, string fingerprint) => cloud.CallAsync(
            SsmOperations.RegisterManagedInstance,
            new RegisterManagedInstanceRequest
            {
                ActivationId = activation.ActivationId, ActivationCode = code, Fingerprint = fingerprint, PublicKey = machine.PublicKey, PublicKeyType = "Rsa",
            },
            Caller.Anonymous(AuditCloud.Account));
        Task<IReadOnlyList<Event>> EventsAsync() => cloud.LookUpAsync("EventName", "RegisterManagedInstance");

        await Assert.ThrowsAsync<InvalidActivation>(() => RegisterAsync("AAAAAAAAAAAAAAAAAAAA", "one"));
        Assert.Empty(await EventsAsync());
        var id = (await RegisterAsync(activation.ActivationCode!, "one")).InstanceId;
        var registered = Parse(Assert.Single(await EventsAsync()));
        Assert.Equal($$"""{"type":"Unknown","principalId":"{{activation.ActivationId}}"}""", registered.GetProperty("userIdentity").GetRawText());
        Assert.Equal(id, registered.GetProperty("responseElements").GetProperty("instanceId").GetString());
        Assert.DoesNotContain(activation.ActivationCode!, registered.GetRawText(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidActivation>(() => RegisterAsync(activation.ActivationCode!, "two"));
        Assert.Equal(2, (await EventsAsync()).Count);
    }
}
