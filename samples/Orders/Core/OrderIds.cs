using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Orders.Core;

/// <summary>
/// Order ids are a function of the client token. That is what lets a client repeat a request whose answer it never saw: both
/// attempts, and both queue messages if there are two, carry the same id, and the on-premises store keeps one order.
/// </summary>
public static class OrderIds
{
    public const int MinTokenLength = 8;
    public const int MaxTokenLength = 64;

    private const int Symbols = 12;

    // No I, L, O, U: ids are read aloud over the counter.
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static bool IsToken(string? token) =>
        token is { Length: >= MinTokenLength and <= MaxTokenLength } && !token.AsSpan().ContainsAnyExcept(TokenCharacters);

    public static string FromToken(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
        var id = new StringBuilder(Symbols + 2);
        for (int i = 0; i < Symbols; i++)
        {
            if (i is 4 or 8)
            {
                id.Append('-');
            }

            id.Append(Alphabet[hash[i] & 31]);
        }

        return id.ToString();
    }
}
