using System.Buffers.Binary;
using System.Text;

namespace Longspan.Services.Kms.Rules;

/// <summary>Encryption contexts: the pairs that must be told again to decrypt. Their order means nothing.</summary>
internal static class EncryptionContexts
{
    /// <summary>Of all names and values together, in UTF-8.</summary>
    private const int MaximumBytes = 8192;

    /// <summary>
    /// Bytes that are equal exactly when the contexts are: pairs in ordinal order of their names, each text preceded by its length.
    /// Nothing at all for no context, which is the same as an empty one. Frozen: what was sealed with it needs it for ever.
    /// </summary>
    public static byte[] Canonical(IReadOnlyDictionary<string, string>? context)
    {
        if (context is null || context.Count == 0)
        {
            return [];
        }
        var bytes = new List<byte>();
        foreach (var (name, value) in context.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (name.Length == 0)
            {
                throw KmsFaults.Validation("An encryption context has no empty keys.");
            }
            Append(bytes, name);
            Append(bytes, value);
            if (bytes.Count > MaximumBytes)
            {
                throw KmsFaults.Constraint("encryptionContext", $"The encryption context may not have more than {MaximumBytes} bytes");
            }
        }
        return [.. bytes];
    }

    private static void Append(List<byte> bytes, string text)
    {
        var encoded = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, encoded.Length);
        bytes.AddRange(length);
        bytes.AddRange(encoded);
    }
}
