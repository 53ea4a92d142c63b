using System.Globalization;
using System.Text.Json;
using Longspan.Api.Sts;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Sts.WebIdentity;

/// <summary>What a token must say to be accepted, in STS's words when it does not, and what it says then.</summary>
internal static class TokenRules
{
    /// <summary>How far an issuer's clock may be ahead of ours.</summary>
    public static readonly TimeSpan MaximumSkew = TimeSpan.FromMinutes(5);
    private const string TagsClaim = "https://aws.amazon.com/tags";
    private const string SourceIdentityClaim = "https://aws.amazon.com/source_identity";

    /// <summary>Checks that need no key, so that a token that is hopeless anyway causes no fetch. The audience waits: the trail tells of wrong ones, if they are signed.</summary>
    public static void Check(WebToken token, DateTimeOffset now)
    {
        if (token.ExpiresAt is not { } expiry)
        {
            throw Missing("exp");
        }
        if (now >= expiry)
        {
            throw new ExpiredTokenException(string.Create(CultureInfo.InvariantCulture,
                $"Token expired: current date/time {now.ToUnixTimeSeconds()} must be before the expiration date/time {expiry.ToUnixTimeSeconds()}"));
        }
        if (token.NotBefore > now + MaximumSkew || token.IssuedAt > now + MaximumSkew)
        {
            throw new InvalidIdentityTokenException("Token is not valid yet");
        }
        if (string.IsNullOrEmpty(token.Subject))
        {
            throw Missing("sub");
        }
        if (token.Audiences.Count == 0)
        {
            throw Missing("aud");
        }
    }

    /// <summary>The client that the token was made for, and whether it is one of the provider's. Of several, one that is.</summary>
    public static (string Audience, bool IsKnown) AudienceOf(WebToken token, OidcProviderDocument provider)
    {
        // With an authorized party, that is the client; without, any of the audiences may be.
        var clients = token.AuthorizedParty is { } party ? [party] : token.Audiences;
        return clients.FirstOrDefault(c => provider.ClientIds.Contains(c)) is { } known ? (known, true) : (clients[0], false);
    }

    /// <summary>The token's claims as condition keys: <c>gitlab.example.com:sub</c>.</summary>
    public static Dictionary<string, IReadOnlyList<string>> Keys(WebToken token, OidcProviderDocument provider, string audience)
    {
        var prefix = OidcProviderDocument.NameOf(provider.Issuer);
        var keys = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in token.Claims)
        {
            keys[$"{prefix}:{name}"] = values;
        }
        keys[$"{prefix}:aud"] = [audience];
        return keys;
    }

    public static string? SourceIdentity(WebToken token) => token[SourceIdentityClaim];

    /// <summary>Session tags that the issuer put into the token: values are lists of one.</summary>
    public static (Dictionary<string, string> Tags, List<string> Transitive) Tags(WebToken token)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        List<string> transitive = [];
        if (token.ObjectOf(TagsClaim) is not { } claim)
        {
            return (tags, transitive);
        }
        if (claim.TryGetProperty("principal_tags", out var named) && named.ValueKind == JsonValueKind.Object)
        {
            foreach (var tag in named.EnumerateObject())
            {
                tags[tag.Name] = tag.Value.ValueKind == JsonValueKind.Array && tag.Value.GetArrayLength() == 1
                    && tag.Value[0].ValueKind == JsonValueKind.String
                    ? tag.Value[0].GetString()!
                    : throw new InvalidIdentityTokenException("The session tags of the token are malformed");
            }
        }
        if (claim.TryGetProperty("transitive_tag_keys", out var keys) && keys.ValueKind == JsonValueKind.Array)
        {
            transitive.AddRange(keys.EnumerateArray().Where(k => k.ValueKind == JsonValueKind.String).Select(k => k.GetString()!));
        }
        return (tags, transitive);
    }

    private static InvalidIdentityTokenException Missing(string claim) => new($"Missing a required claim: {claim}");
}
