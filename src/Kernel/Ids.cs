using System.Globalization;
using System.Security.Cryptography;

namespace Longspan.Kernel;

/// <summary>Every identifier that the platform mints. Unguessable: all come from the operating system's generator.</summary>
public static class Ids
{
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A random UUID in its usual spelling: request ids, message ids, deployment tokens.</summary>
    public static string Uuid() => UuidValue().ToString();

    /// <summary>The same as a value, for callers that spell it themselves.</summary>
    public static Guid UuidValue()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomPool.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>Lower-case hex of the given number of characters: ECS container-instance ids have 32.</summary>
    public static string Hex(int length) => RandomNumberGenerator.GetHexString(length, lowercase: true);

    /// <summary>
    /// As <see cref="Hex"/> with 32 characters, of which the first four are the second in which it was made: ids of which there are many. Those that are
    /// made together are neighbours in every index of the store, where random ones would each touch pages of their own. The second comes round
    /// again after 18 hours, and the other 112 bits are random, so the first eight characters tell ids apart as well as before.
    /// </summary>
    public static string NeighbourHex(DateTimeOffset now) =>
        (now.ToUnixTimeSeconds() & 0xFFFF).ToString("x4", CultureInfo.InvariantCulture) + Hex(28);

    /// <summary>An AWS unique id: a four-letter prefix (<c>AKIA</c>, <c>ASIA</c>, <c>AIDA</c>, <c>AROA</c>) and 16 base-32 characters.</summary>
    public static string Unique(string prefix) => prefix + RandomNumberGenerator.GetString(Base32, 16);

    /// <summary>A secret of mixed letters and digits.</summary>
    public static string Secret(int length) => RandomNumberGenerator.GetString(Alphanumeric, length);

    public static string Digits(int length) => RandomNumberGenerator.GetString("0123456789", length);
}
