using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>What is asked of a provider's members, and providers by ARN.</summary>
internal static class OidcProviders
{
    private const int ThumbprintLength = 40;

    public static async ValueTask<Document<OidcProviderDocument>> FindAsync(IamContext cx, string? providerArn, CancellationToken stop)
    {
        var prefix = $"arn:aws:iam::{cx.AccountId}:oidc-provider/";
        if (providerArn is null || !providerArn.StartsWith("arn:", StringComparison.Ordinal) || providerArn.Length > 2048)
        {
            throw IamFaults.Validation($"Invalid ARN: {providerArn}");
        }
        var name = providerArn.StartsWith(prefix, StringComparison.Ordinal) ? providerArn[prefix.Length..] : "";
        var isName = name.Length is > 0 and <= IamLimits.ProviderUrlLength;
        return (isName ? await cx.Documents.GetAsync(AccessKinds.OidcProviders, cx.AccountId, AccessKinds.NameOf(name), stop) : null)
            ?? throw IamFaults.NoProvider(providerArn);
    }

    /// <summary>
    /// The issuer as tokens name it. Plain HTTP is for an issuer on this machine only: whoever can answer in its place could let anyone in.
    /// </summary>
    public static string Issuer(string? url)
    {
        var isAddress = url is { Length: <= IamLimits.ProviderUrlLength } && url.All(c => c is > ' ' and <= '~')
            && Uri.TryCreate(url, UriKind.Absolute, out var address)
            && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0 && !url.EndsWith('/')
            && (url.StartsWith("https://", StringComparison.Ordinal)
                || (url.StartsWith("http://", StringComparison.Ordinal) && address.IsLoopback));
        return isAddress ? url! : throw new InvalidInputException("Invalid Open ID Connect Provider URL.");
    }

    public static IReadOnlyList<string> ClientIds(IReadOnlyList<string>? ids)
    {
        if (ids?.Any(id => id.Length is 0 or > IamLimits.ClientIdLength) == true)
        {
            throw IamFaults.Constraint(
                "clientIDList", $"[{ids.Count} items]", $"Member must have length between 1 and {IamLimits.ClientIdLength}, inclusive");
        }
        List<string> distinct = [.. (ids ?? []).Distinct(StringComparer.Ordinal)];
        return distinct.Count <= IamLimits.ClientIdsPerProvider
            ? distinct
            : throw IamFaults.Quota("ClientIdsPerOpenIdConnectProvider", IamLimits.ClientIdsPerProvider);
    }

    public static IReadOnlyList<string> Thumbprints(IReadOnlyList<string>? thumbprints)
    {
        if (thumbprints?.FirstOrDefault(t => t.Length != ThumbprintLength || !t.All(char.IsAsciiHexDigit)) is { } wrong)
        {
            throw IamFaults.Constraint("thumbprintList", wrong, $"Member must have length equal to {ThumbprintLength}, in hexadecimal digits");
        }
        return (thumbprints ?? []).Count <= IamLimits.ThumbprintsPerProvider
            ? [.. (thumbprints ?? []).Select(t => t.ToLowerInvariant())]
            : throw new InvalidInputException("Thumbprint list must contain fewer than 5 entries.");
    }
}
