using System.Text;

namespace Longspan.Core.Tests.Fuzz;

/// <summary>Changes bytes in the ways in which parsers fail. The same seed makes the same changes.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<string> words)
{
    public const int MaximumLength = 64 * 1024;
    private const int MaximumRepeats = 4000;

    private static readonly byte[][] s_common =
    [
        .. new[]
        {
            "", "\0", "\r\n", "\u2028", "ü", "\U0001F600", "\uFFFD", "%", "%00", "%C3", "%ZZ", "&", "=", "==", "\"", "\\", "\\u0000", "\\uD800", "<", "<!--", "]]>", "&amp;",
            "{", "}", "[", "]", "[[[[", "{\"a\":", "(", ")", "*", "?", "${", "}", "/", "..", "/../", ":", ",", ";", "-1", "0", "1e309", "-0", "0x1",
            "9223372036854775807", "-9223372036854775809", "18446744073709551616", "2147483648", "NaN", "null", "true", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xBF, 0xFF], [0x9F], [0x5F], [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ];

    private readonly Random _random = new(seed);
    private readonly byte[][] _words = [.. words.Select(Encoding.UTF8.GetBytes)];

    public int Next(int below) => _random.Next(below);

    /// <summary>One to eight changes of the bytes; <paramref name="other"/> lends a part now and then.</summary>
    public byte[] Change(byte[] bytes, byte[] other)
    {
        for (var changes = 1 + _random.Next(8); changes > 0; changes--)
        {
            bytes = _random.Next(11) switch
            {
                0 => Flipped(bytes),
                1 => Without(bytes),
                2 => With(bytes, Slice(bytes)),
                3 => With(bytes, Slice(other)),
                4 or 5 => With(bytes, s_common[_random.Next(s_common.Length)]),
                6 or 7 when _words.Length > 0 => With(bytes, _words[_random.Next(_words.Length)]),
                8 => With(bytes, Repeated(_random.Next(2) == 0 || _words.Length == 0 ? s_common[_random.Next(s_common.Length)] : _words[_random.Next(_words.Length)])),
                9 => bytes[.._random.Next(bytes.Length + 1)],
                _ => With(bytes, [(byte)_random.Next(256)]),
            };
        }
        return bytes.Length <= MaximumLength ? bytes : bytes[..MaximumLength];
    }

    private byte[] Flipped(byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return bytes;
        }
        var copy = (byte[])bytes.Clone();
        copy[_random.Next(copy.Length)] ^= (byte)(1 << _random.Next(8));
        return copy;
    }

    private byte[] Without(byte[] bytes)
    {
        var start = _random.Next(bytes.Length + 1);
        var length = Math.Min(1 + _random.Next(16), bytes.Length - start);
        return [.. bytes.AsSpan(0, start), .. bytes.AsSpan(start + length)];
    }

    private byte[] With(byte[] bytes, byte[] part)
    {
        var at = _random.Next(bytes.Length + 1);
        return [.. bytes.AsSpan(0, at), .. part, .. bytes.AsSpan(at)];
    }

    private byte[] Slice(byte[] bytes)
    {
        var start = _random.Next(bytes.Length + 1);
        return bytes[start..(start + _random.Next(bytes.Length - start + 1))];
    }

    private byte[] Repeated(byte[] part)
    {
        var times = 1 + _random.Next(_random.Next(8) == 0 ? MaximumRepeats : 8);
        var all = new List<byte>();
        while (times-- > 0 && all.Count < MaximumLength)
        {
            all.AddRange(part);
        }
        return [.. all];
    }
}
