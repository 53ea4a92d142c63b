using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Longspan.Api.Iam;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Longspan.Core.Tests.Sts;

/// <summary>CI servers that log in with the token that their issuer gives each job.</summary>
public sealed class WebIdentityTests
{
    private const string RoleArn = "arn:aws:iam::123456789012:role/deployer";

    [Fact]
    public async Task AJobsTokenOpensASessionOfTheRole()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        var role = await SetUpAsync(cloud, issuer);

        var answer = await AssumeAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow()));
        Assert.Equal(("repo:shop", "sts.amazonaws.com", ProviderArn(issuer)), (answer.SubjectFromWebIdentityToken, answer.Audience, answer.Provider));
        Assert.Equal("arn:aws:sts::123456789012:assumed-role/deployer/job", answer.AssumedRoleUser!.Arn);
        var found = await cloud.Keys.FindAsync(answer.Credentials!.AccessKeyId!, answer.Credentials.SessionToken, default);
        Assert.Equal((KeyStatus.Found, $"{role.RoleId}:job"), (found.Status, found.Caller!.UserId));
        Assert.Equal(ProviderArn(issuer), found.Caller.Session!.FederatedProvider);
        Assert.False(found.Caller.IsAdministrator);
        Assert.Equal(cloud.Clock.GetUtcNow().AddHours(1), answer.Credentials.Expiration);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    public async Task TheAlgorithmsOfIssuersAreKnown(string algorithm)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        issuer.AddKey("two", algorithm switch
        {
            "ES256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "ES384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "ES512" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            _ => RSA.Create(2048),
        });
        await SetUpAsync(cloud, issuer);
        var token = issuer.Token(cloud.Clock.GetUtcNow(), null, "two", algorithm);
        await AssumeAsync(cloud, token);
        await RefusedAsync("InvalidIdentityTokenException", cloud, Tampered(token));
    }

    [Fact]
    public async Task TokensThatProveNothingAreRefused()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var now = cloud.Clock.GetUtcNow();
        using var foreign = RSA.Create(2048);

        foreach (var token in (string[])
        [
            "a.b.c", "not a token", "e30.e30.", "e30.e30.e30",
            issuer.Token(now, null, key: foreign),
            Unsigned(issuer.Token(now), "none"),
            SharedSecret(issuer.Token(now)),
            // The key is RSA's; a token cannot make it an elliptic curve's.
            issuer.Token(now, null, "one", "ES256", ECDsa.Create(ECCurve.NamedCurves.nistP256)),
        ])
        {
            await RefusedAsync("InvalidIdentityTokenException", cloud, token);
        }
    }

    [Fact]
    public async Task ClaimsMustFit()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var now = cloud.Clock.GetUtcNow();
        Task Refused(string code, Action<JsonObject> change) => RefusedAsync(code, cloud, issuer.Token(now, change));

        var expired = await Assert.ThrowsAsync<ExpiredTokenException>(
            () => AssumeAsync(cloud, issuer.Token(now, c => c["exp"] = now.ToUnixTimeSeconds())));
        Assert.Contains("Token expired: current date/time", expired.Message, StringComparison.Ordinal);
        await Refused("InvalidIdentityTokenException", c => c["nbf"] = now.AddMinutes(6).ToUnixTimeSeconds());
        await Refused("InvalidIdentityTokenException", c => c["iat"] = now.AddMinutes(6).ToUnixTimeSeconds());
        await Refused("InvalidIdentityTokenException", c => c["aud"] = "someone.else");
        await Refused("InvalidIdentityTokenException", c => c["azp"] = "someone.else");
        await Refused("InvalidIdentityTokenException", c => c["iss"] = "https://gitlab.example.com");
        await Refused("InvalidIdentityTokenException", c => c["iss"] = issuer.Url + "/");
        foreach (var claim in (string[])["exp", "sub", "aud", "iss"])
        {
            await Refused("InvalidIdentityTokenException", c => c.Remove(claim));
        }
        await AssumeAsync(cloud, issuer.Token(now, c => c["aud"] = new JsonArray("other", "sts.amazonaws.com")));
        await AssumeAsync(cloud, issuer.Token(now, c => c["nbf"] = now.AddMinutes(4).ToUnixTimeSeconds()));
    }

    [Fact]
    public async Task TheTrustPolicyDecidesWhichJobs()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var now = cloud.Clock.GetUtcNow();

        var refusal = await Assert.ThrowsAsync<Longspan.Api.Shapes.AwsError>(() => AssumeAsync(cloud, issuer.Token(now, c => c["sub"] = "repo:other")));
        Assert.Equal(("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"), (refusal.Code, refusal.Message));
        // A role that trusts the account is not one that trusts an issuer, whoever signs the request.
        await cloud.CreateRoleAsync("inner", AccessCloud.TrustAccount.Replace("sts:AssumeRole", "sts:*", StringComparison.Ordinal));
        await RefusedAsync("AccessDenied", cloud, issuer.Token(now), "arn:aws:iam::123456789012:role/inner");
        await RefusedAsync("AccessDenied", cloud, issuer.Token(now), "arn:aws:iam::123456789012:role/nobody");
        // Nor does the provider let anyone in by AssumeRole.
        Assert.Equal("AccessDenied", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            StsOperations.AssumeRole, new AssumeRoleRequest { RoleArn = RoleArn, RoleSessionName = "job" })));
    }

    [Fact]
    public async Task TheRoleBoundsTheDuration()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(StsOperations.AssumeRoleWithWebIdentity,
            new AssumeRoleWithWebIdentityRequest
            {
                RoleArn = RoleArn, RoleSessionName = "job", WebIdentityToken = issuer.Token(cloud.Clock.GetUtcNow()), DurationSeconds = 3601,
            }, Caller.Anonymous(AccessCloud.Account))));
    }

    [Fact]
    public async Task KeysAreKeptAndFetchedAgainForANewOneButNotAtWill()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        for (var i = 0; i < 3; i++)
        {
            await AssumeAsync(cloud, issuer.Token(cloud.Clock.GetUtcNow()));
        }
        Assert.Equal(1, issuer.Fetches);

        issuer.AddKey("two", RSA.Create(2048));
        var next = issuer.Token(cloud.Clock.GetUtcNow(), null, "two");
        await RefusedAsync("InvalidIdentityTokenException", cloud, next);
        Assert.Equal(1, issuer.Fetches);
        cloud.Clock.Advance(TimeSpan.FromSeconds(10));
        await AssumeAsync(cloud, next);
        Assert.Equal(2, issuer.Fetches);

        // A withdrawn key is good until the kept set is an hour old.
        var old = issuer.Token(cloud.Clock.GetUtcNow(), c => c["exp"] = cloud.Clock.GetUtcNow().AddHours(3).ToUnixTimeSeconds());
        issuer.DropKey("one");
        await AssumeAsync(cloud, old);
        cloud.Clock.Advance(TimeSpan.FromHours(1));
        await RefusedAsync("InvalidIdentityTokenException", cloud, old);
    }

    [Fact]
    public async Task ManyJobsAtOnceCauseOneFetch()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var token = issuer.Token(cloud.Clock.GetUtcNow());
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => AssumeAsync(cloud, token))));
        Assert.Equal(1, issuer.Fetches);
    }

    [Fact]
    public async Task AnIssuerThatMisbehavesIsAskedOnceInAWhile()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var token = issuer.Token(cloud.Clock.GetUtcNow());
        var asked = 0;
        foreach (var answer in (Func<HttpContext, Task>[])
        [
            http => Answer(http, 500, ""),
            http => Answer(http, 302, ""),
            http => Answer(http, 200, "<html>"),
            http => Answer(http, 200, """{"issuer":"https://other.example.com","jwks_uri":"https://other.example.com/keys"}"""),
            http => Answer(http, 200, $$"""{"issuer":"{{issuer.Url}}","jwks_uri":"http://other.example.com/keys"}"""),
            http => Answer(http, 200, $$"""{"issuer":"{{issuer.Url}}","jwks_uri":"file:///etc/passwd"}"""),
            http => Answer(http, 200, new string(' ', 300 * 1024)),
        ])
        {
            issuer.Discovery = http =>
            {
                asked++;
                return answer(http);
            };
            await RefusedAsync("IDPCommunicationErrorException", cloud, token);
            await RefusedAsync("IDPCommunicationErrorException", cloud, token);
            cloud.Clock.Advance(TimeSpan.FromSeconds(10));
        }
        Assert.Equal(7, asked);
        issuer.Discovery = null;
        await AssumeAsync(cloud, token);
    }

    [Fact]
    public async Task ADeletedProviderLetsNobodyIn()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var token = issuer.Token(cloud.Clock.GetUtcNow());
        await AssumeAsync(cloud, token);
        await cloud.CallAsync(IamOperations.DeleteOpenIDConnectProvider, new DeleteOpenIDConnectProviderRequest { OpenIDConnectProviderArn = ProviderArn(issuer) });
        await RefusedAsync("InvalidIdentityTokenException", cloud, token);
    }

    [Fact]
    public async Task TagsAndSourceIdentityOfTheTokenAreTheSessions()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await using var issuer = await OidcIssuer.StartAsync();
        await SetUpAsync(cloud, issuer);
        var token = issuer.Token(cloud.Clock.GetUtcNow(), c =>
        {
            c["https://aws.amazon.com/tags"] = new JsonObject
            {
                ["principal_tags"] = new JsonObject { ["team"] = new JsonArray("orders") }, ["transitive_tag_keys"] = new JsonArray("team"),
            };
            c["https://aws.amazon.com/source_identity"] = "bob";
        });
        // To pass them is an action of its own.
        await RefusedAsync("AccessDenied", cloud, token);
        await cloud.CallAsync(IamOperations.UpdateAssumeRolePolicy, new UpdateAssumeRolePolicyRequest
        {
            RoleName = "deployer",
            PolicyDocument = Trust(issuer, """["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]"""),
        });
        var answer = await AssumeAsync(cloud, token);
        var claims = cloud.Tokens.TryOpen(answer.Credentials!.SessionToken!, answer.Credentials.AccessKeyId!)!;
        Assert.Equal(("orders", "team", "bob", "bob"),
            (claims.Tags!["team"], Assert.Single(claims.TransitiveTagKeys!), claims.SourceIdentity, answer.SourceIdentity));
    }

    internal static async Task<Role> SetUpAsync(AccessCloud cloud, OidcIssuer issuer, params string[] thumbprints)
    {
        await cloud.CallAsync(IamOperations.CreateOpenIDConnectProvider, new CreateOpenIDConnectProviderRequest
        {
            Url = issuer.Url, ClientIDList = ["sts.amazonaws.com"], ThumbprintList = [.. thumbprints],
        });
        return await cloud.CreateRoleAsync("deployer", Trust(issuer, "\"sts:AssumeRoleWithWebIdentity\""));
    }

    internal static Task<AssumeRoleWithWebIdentityResponse> AssumeAsync(AccessCloud cloud, string token, string roleArn = RoleArn) => cloud.CallAsync(
        StsOperations.AssumeRoleWithWebIdentity,
        new AssumeRoleWithWebIdentityRequest { RoleArn = roleArn, RoleSessionName = "job", WebIdentityToken = token }, Caller.Anonymous(AccessCloud.Account));

    internal static async Task RefusedAsync(string code, AccessCloud cloud, string token, string roleArn = RoleArn) =>
        Assert.Equal(code, await AccessCloud.CodeOfAsync(() => AssumeAsync(cloud, token, roleArn)));

    private static string Trust(OidcIssuer issuer, string actions) => $$$$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"{{{{ProviderArn(issuer)}}}}"},"Action":{{{{actions}}}},
        "Condition":{"StringEquals":{"{{{{issuer.Name}}}}:aud":"sts.amazonaws.com"},"StringLike":{"{{{{issuer.Name}}}}:sub":"repo:sho?"}}}]}
        """;

    private static string ProviderArn(OidcIssuer issuer) => $"arn:aws:iam::123456789012:oidc-provider/{issuer.Name}";

    private static Task Answer(HttpContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.Location = "/keys";
        return http.Response.WriteAsync(body);
    }

    private static string Tampered(string token)
    {
        var parts = token.Split('.');
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
        claims["extra"] = 1;
        return $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}.{parts[2]}";
    }

    private static string Unsigned(string token, string algorithm) =>
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}","kid":"one"}"""))}.{token.Split('.')[1]}.";

    // Signed with what anyone can read, under an algorithm that takes a secret.
    private static string SharedSecret(string token)
    {
        var text = Unsigned(token, "HS256").TrimEnd('.');
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData("one"u8, Encoding.ASCII.GetBytes(text)))}";
    }
}
