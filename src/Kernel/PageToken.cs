using System.Buffers.Text;
using System.Text;

namespace Longspan.Kernel;

/// <summary>
/// Opaque paging tokens: the name after which the next page starts. They hold no secret and need none: a forged token can only
/// name a starting point inside what its caller may list anyway.
/// </summary>
public static class PageToken
{
    private const int MaximumLength = 4096;

    public static string Encode(string after) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(after));

    /// <summary>False when the text is not one of our tokens; the operation answers its service's error for that.</summary>
    public static bool TryDecode(string? token, out string? after)
    {
        after = null;
        if (string.IsNullOrEmpty(token))
        {
            return true;
        }
        if (token.Length > MaximumLength || !Base64Url.IsValid(token))
        {
            return false;
        }
        after = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
        return true;
    }
}
