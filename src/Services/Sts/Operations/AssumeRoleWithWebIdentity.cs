using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Sts.Rules;
using Longspan.Services.Sts.WebIdentity;
using Longspan.Store.Documents;

namespace Longspan.Services.Sts.Operations;

/// <summary>
/// Unsigned: the token is the proof. It is checked before anything is said about the role, and the caller counts as nobody even if
/// the request was signed, so that only the token and the role's trust policy decide.
/// </summary>
internal static class AssumeRoleWithWebIdentity
{
    private const string Action = "sts:AssumeRoleWithWebIdentity";

    public static async ValueTask<AssumeRoleWithWebIdentityResponse> HandleAsync(
        StsContext cx, AssumeRoleWithWebIdentityRequest request, CancellationToken stop)
    {
        AssumeRoleRules.Check(request);
        var token = WebToken.TryRead(request.WebIdentityToken!)
            ?? throw new InvalidIdentityTokenException("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
        var provider = await FindProviderAsync(cx, token, stop);
        TokenRules.Check(token, cx.Call.Now);
        var keys = await cx.IssuerKeys.GetAsync(provider, token.KeyId, cx.Call.Now, stop);
        if (!keys.Verifies(token))
        {
            throw new InvalidIdentityTokenException("The token's signature does not belong to a key of its issuer");
        }
        var arn = provider.Value.ArnIn(cx.Call.AccountId);
        var (audience, isKnown) = TokenRules.AudienceOf(token, provider.Value);
        // From here on the issuer vouches for them, so what becomes of the call is written down as theirs.
        cx.Call.WebIdentityUser = new WebIdentityUser(arn, audience, token.Subject!, request.RoleArn!);
        if (!isKnown)
        {
            throw new InvalidIdentityTokenException("Incorrect token audience");
        }
        var nobody = Caller.Anonymous(cx.Call.AccountId);
        var (asked, askedTransitive) = TokenRules.Tags(token);
        AssumeRoleRules.CheckTags(asked);
        var (tags, transitive) = SessionRules.Tags(nobody, asked, askedTransitive);
        var identity = TokenRules.SourceIdentity(token);
        AssumeRoleRules.CheckSourceIdentity(identity);
        var attempt = new TrustRequest(Action, nobody)
        {
            FederatedProvider = arn,
            SessionName = request.RoleSessionName,
            SourceIdentity = identity,
            SessionTags = tags,
            TransitiveTagKeys = transitive,
            Keys = TokenRules.Keys(token, provider.Value, audience),
            Call = cx.Call,
        };
        var role = await AssumeRole.FindRoleAsync(cx, request.RoleArn!, stop);
        if (role is null || SessionRules.Refused(role, attempt) is not null)
        {
            throw StsFaults.AccessDenied($"Not authorized to perform {Action}");
        }
        var life = AssumeRoleRules.Life(request.DurationSeconds, role.MaximumSessionSeconds, caller: null);
        var policies = await SessionPolicies.FindAsync(cx, request.PolicyArns, stop);
        var credentials = cx.Tokens.Issue(cx.Call.AccountId, role.RoleName, role.RoleId, cx.Call.Now, life, claims => claims with
        {
            RoleSessionName = request.RoleSessionName,
            SessionPolicy = request.Policy,
            SessionPolicyArns = policies,
            Tags = tags.Count > 0 ? tags : null,
            TransitiveTagKeys = transitive.Count > 0 ? transitive : null,
            SourceIdentity = identity,
            FederatedProvider = arn,
        });
        return new AssumeRoleWithWebIdentityResponse
        {
            Credentials = credentials.ToShape(),
            AssumedRoleUser = role.ToShape(cx.Call.AccountId, request.RoleSessionName!),
            SubjectFromWebIdentityToken = token.Subject,
            Provider = arn,
            Audience = audience,
            PackedPolicySize = AssumeRoleRules.PackedPolicySize(request.Policy, tags),
            SourceIdentity = identity,
        };
    }

    private static async ValueTask<Document<OidcProviderDocument>> FindProviderAsync(StsContext cx, WebToken token, CancellationToken stop)
    {
        // An issuer names itself as the provider was registered, to the letter.
        var issuer = token.Issuer is { Length: <= 1024 } text && text.Contains("://", StringComparison.Ordinal) ? text : null;
        var provider = issuer is null
            ? null
            : await cx.Call.Cloud.Documents.GetAsync(
                AccessKinds.OidcProviders, cx.Call.AccountId, AccessKinds.NameOf(OidcProviderDocument.NameOf(issuer)), stop);
        return provider?.Value.Issuer == issuer && provider is not null
            ? provider
            : throw new InvalidIdentityTokenException($"No OpenIDConnect provider found in your account for {token.Issuer}");
    }
}
