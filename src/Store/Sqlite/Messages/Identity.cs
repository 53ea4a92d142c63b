using System.Security.Cryptography;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>Random message ids, for messages that the store itself creates.</summary>
internal static class Identity
{
    public static Guid New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
