using Longspan.Api.Kms;
using Longspan.Kernel;
using Longspan.Services.Kms.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>A token names its grant and no more: grants take effect at once, so nobody needs one as proof. Its form is checked all the same.</summary>
internal static class GrantTokens
{
    private const int Maximum = 10;
    private const int GrantIdLength = 64;

    public static string Of(GrantDocument grant) => PageToken.Encode(KmsKinds.PartOf(grant.KeyId, grant.GrantId));

    /// <summary>The name of the grant's document.</summary>
    public static string Read(string token) =>
        token.Length > 0 && PageToken.TryDecode(token, out var name) && name!.Split(':') is [var keyId, { Length: GrantIdLength } grantId]
        && Guid.TryParseExact(keyId, "D", out _) && grantId.All(char.IsAsciiHexDigitLower)
            ? name
            : throw new InvalidGrantTokenException("The grant token is not valid.");

    /// <summary>Refuses the tokens of a request that could be none.</summary>
    public static void Check(List<string>? tokens)
    {
        if (tokens?.Count > Maximum)
        {
            throw KmsFaults.Constraint("grantTokens", $"Member must have length less than or equal to {Maximum}");
        }
        tokens?.ForEach(token => Read(token));
    }
}
