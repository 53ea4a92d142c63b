using System.Buffers.Text;
using System.Text;
using Longspan.Api.Shapes;

namespace Longspan.Kernel;

/// <summary>
/// Opaque paging tokens: the name after which the next page starts. They hold no secret and need none: a forged token can only
/// name a starting point inside what its caller may list anyway.
/// </summary>
public static class PageToken
{
    private const int MaximumLength = 4096;

    public static string Encode(string after) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(after));

    /// <summary>A token that continues this request's list and no other's.</summary>
    public static string Encode(string after, Shape request) =>
        Base64Url.EncodeToString([.. RequestDigest.Of(request), .. Encoding.UTF8.GetBytes(after)]);

    /// <summary>False when the text is not one of our tokens; the operation answers its service's error for that.</summary>
    public static bool TryDecode(string? token, out string? after)
    {
        after = null;
        if (string.IsNullOrEmpty(token))
        {
            return true;
        }
        if (!TryRead(token, out var bytes))
        {
            return false;
        }
        after = Encoding.UTF8.GetString(bytes);
        return true;
    }

    /// <summary>False also when the token continues the list of another operation, or of one that was asked for something else.</summary>
    public static bool TryDecode(string? token, Shape request, out string? after)
    {
        after = null;
        if (string.IsNullOrEmpty(token))
        {
            return true;
        }
        if (!TryRead(token, out var bytes) || !bytes.AsSpan().StartsWith(RequestDigest.Of(request)))
        {
            return false;
        }
        after = Encoding.UTF8.GetString(bytes.AsSpan(RequestDigest.Length));
        return true;
    }

    private static bool TryRead(string token, out byte[] bytes)
    {
        var isRead = token.Length <= MaximumLength && Base64Url.IsValid(token);
        bytes = isRead ? Base64Url.DecodeFromChars(token) : [];
        return isRead;
    }
}
