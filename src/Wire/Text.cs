using System.Buffers;
using System.Globalization;
using System.Text;
using Longspan.Api.Shapes;

namespace Longspan.Wire;

/// <summary>Text forms that several protocols share: strict UTF-8, percent encoding, timestamps, numbers.</summary>
internal static class Text
{
    /// <summary>Refuses malformed input instead of replacing it: two different requests must not decode to one.</summary>
    public static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    /// <summary>RFC 3986 percent encoding as SigV4 wants it; optionally leaves the slash.</summary>
    public static void PercentEncode(PooledBuffer into, ReadOnlySpan<byte> bytes, bool keepSlash = false)
    {
        foreach (var b in bytes)
        {
            if (Unreserved.Contains(b) || (keepSlash && b == '/'))
            {
                into.Append(b);
            }
            else
            {
                into.Append((byte)'%');
                into.Append("0123456789ABCDEF"u8[b >> 4]);
                into.Append("0123456789ABCDEF"u8[b & 15]);
            }
        }
    }

    public static string PercentEncode(string text, bool keepSlash = false)
    {
        using var buffer = new PooledBuffer(text.Length + 16);
        PercentEncode(buffer, Utf8.GetBytes(text), keepSlash);
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }

    /// <summary>Decodes %XX, and + as a space where forms and query strings are concerned. False when an escape is broken.</summary>
    public static bool TryPercentDecode(ReadOnlySpan<char> text, bool plusIsSpace, PooledBuffer into)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    return false;
                }
                into.Append((byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2])));
                i += 2;
            }
            else if (c == '+' && plusIsSpace)
            {
                into.Append((byte)' ');
            }
            else if (c < 0x80)
            {
                into.Append((byte)c);
            }
            else if (Rune.DecodeFromUtf16(text[i..], out var rune, out _) == OperationStatus.Done)
            {
                into.Advance(rune.EncodeToUtf8(into.GetSpan(4)));
                i += rune.Utf16SequenceLength - 1;
            }
            else
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Decodes to a string; null when an escape is broken or the bytes are not UTF-8.</summary>
    public static string? PercentDecode(ReadOnlySpan<char> text, bool plusIsSpace)
    {
        if (text.IndexOfAny('%', '+') < 0)
        {
            return text.ToString();
        }
        using var buffer = new PooledBuffer(text.Length);
        return TryPercentDecode(text, plusIsSpace, buffer) && System.Text.Unicode.Utf8.IsValid(buffer.WrittenSpan)
            ? Utf8.GetString(buffer.WrittenSpan)
            : null;
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    /// <summary>ISO 8601 in UTC; milliseconds only when there are any.</summary>
    public static string DateTime(DateTimeOffset value)
    {
        var utc = value.UtcDateTime;
        return utc.ToString(
            utc.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMillisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
            CultureInfo.InvariantCulture);
    }

    public static string HttpDate(DateTimeOffset value) => value.ToString("r", CultureInfo.InvariantCulture);

    /// <summary>Seconds since 1970 with milliseconds when there are any, never in exponent form.</summary>
    public static decimal EpochSeconds(DateTimeOffset value) => value.ToUnixTimeMilliseconds() / 1000m;

    public static string Timestamp(DateTimeOffset value, TimestampFormat format) => format switch
    {
        TimestampFormat.EpochSeconds => EpochSeconds(value).ToString(CultureInfo.InvariantCulture),
        TimestampFormat.HttpDate => HttpDate(value),
        _ => DateTime(value),
    };

    /// <summary>Reads any of the three spellings: clients are not careful, and they cannot be confused with one another.</summary>
    public static DateTimeOffset ParseTimestamp(string text)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return FromEpoch(seconds);
        }
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, IsoFormats, CultureInfo.InvariantCulture, Utc, out var iso))
        {
            return iso;
        }
        return DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, Utc, out var http)
            ? http
            : throw new MalformedRequestException("Invalid timestamp");
    }

    private static readonly string[] IsoFormats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyyMMdd'T'HHmmssK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd",
    ];

    public static DateTimeOffset FromEpoch(decimal seconds)
    {
        // Years 1 to 9999; what is outside cannot be a DateTimeOffset.
        if (seconds < -62135596800m || seconds > 253402300799m)
        {
            throw new MalformedRequestException("Timestamp is out of range");
        }
        return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
    }

    public static string Number(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsPositiveInfinity(value) ? "Infinity" : double.IsNegativeInfinity(value) ? "-Infinity"
        : value.ToString("R", CultureInfo.InvariantCulture);

    public static string Number(float value) =>
        float.IsNaN(value) ? "NaN" : float.IsPositiveInfinity(value) ? "Infinity" : float.IsNegativeInfinity(value) ? "-Infinity"
        : value.ToString("R", CultureInfo.InvariantCulture);

    public static double ParseDouble(string text) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw new MalformedRequestException("Invalid number"),
    };

    public static long ParseLong(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new MalformedRequestException("Invalid integer");

    public static int ParseInteger(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new MalformedRequestException("Invalid integer");

    public static bool ParseBoolean(string text) => text switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => throw new MalformedRequestException("Invalid boolean"),
    };

    public static byte[] ParseBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw new MalformedRequestException("Invalid base64");
        }
    }
}
