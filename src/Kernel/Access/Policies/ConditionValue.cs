using System.Globalization;
using System.Net;

namespace Longspan.Kernel.Access.Policies;

/// <summary>One value of a condition, parsed for its operator.</summary>
internal sealed class ConditionValue
{
    private static readonly string[] s_dateFormats =
        ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd", "yyyy-MM"];

    private readonly PolicyPattern? _pattern;
    private readonly PolicyPattern[]? _arn;
    private readonly decimal? _number;
    private readonly DateTimeOffset? _date;
    private readonly byte[]? _bytes;
    private readonly (byte[] Prefix, int Bits)? _network;

    public ConditionValue(string text, Comparison comparison, bool hasVariables)
    {
        Text = text;
        switch (comparison)
        {
            case Comparison.Text or Comparison.TextIgnoreCase or Comparison.TextPattern:
                _pattern = new PolicyPattern(text, comparison == Comparison.TextPattern, hasVariables, comparison == Comparison.TextIgnoreCase);
                break;
            case Comparison.Arn:
                _arn = SplitArn(text) is { } parts ? [.. parts.Select(p => new PolicyPattern(p, hasWildcards: true, hasVariables))] : null;
                break;
            case Comparison.Number:
                _number = Number(text);
                break;
            case Comparison.Date:
                _date = Date(text);
                break;
            case Comparison.Bytes:
                _bytes = Bytes(text);
                break;
            case Comparison.Address:
                _network = Network(text);
                break;
        }
    }

    public string Text { get; }

    public IEnumerable<ConditionKey> Keys => _pattern?.Keys ?? _arn?.SelectMany(p => p.Keys) ?? [];

    public bool? Matches(string actual, ConditionOperator how, AccessContext context) => how.Comparison switch
    {
        // A variable without a value makes no text: nothing equals it, and whether something differs from it cannot be told.
        Comparison.Text or Comparison.TextIgnoreCase or Comparison.TextPattern => _pattern!.Matches(actual, context) ?? (how.IsNegated ? null : false),
        Comparison.Arn => MatchesArn(actual, context, how.IsNegated),
        Comparison.Number => Number(actual) is { } number && _number is { } limit ? Relates(number.CompareTo(limit), how.Relation) : null,
        Comparison.Date => Date(actual) is { } date && _date is { } moment ? Relates(date.CompareTo(moment), how.Relation) : null,
        Comparison.Bytes => Bytes(actual) is { } bytes && _bytes is not null ? bytes.AsSpan().SequenceEqual(_bytes) : null,
        Comparison.Address => IPAddress.TryParse(actual, out var address) && _network is { } network ? Contains(network, address) : null,
        _ => null,
    };

    private bool? MatchesArn(string actual, AccessContext context, bool isNegated)
    {
        if (_arn is null)
        {
            return null;
        }
        var rest = actual.AsSpan();
        for (var i = 0; i < _arn.Length; i++)
        {
            var isLast = i == _arn.Length - 1;
            var colon = rest.IndexOf(':');
            if (!isLast && colon < 0)
            {
                return false;
            }
            var part = isLast ? rest : rest[..colon];
            var matches = _arn[i].Matches(part, context) ?? (isNegated ? null : false);
            if (matches is not true)
            {
                return matches;
            }
            rest = isLast ? default : rest[(colon + 1)..];
        }
        return true;
    }

    private static bool Relates(int comparison, Relation relation) => relation switch
    {
        Relation.Less => comparison < 0,
        Relation.LessOrEqual => comparison <= 0,
        Relation.Greater => comparison > 0,
        Relation.GreaterOrEqual => comparison >= 0,
        _ => comparison == 0,
    };

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A date of ISO 8601, a year, or seconds since 1970.</summary>
    private static DateTimeOffset? Date(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return text.Length == 4 && number is >= 1 and <= 9999 ? new DateTimeOffset((int)number, 1, 1, 0, 0, 0, TimeSpan.Zero)
                : number is >= -62_135_596_800 and <= 253_402_300_799 ? DateTimeOffset.FromUnixTimeSeconds(number)
                : null;
        }
        return DateTimeOffset.TryParseExact(text, s_dateFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
    }

    private static byte[]? Bytes(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    private static (byte[] Prefix, int Bits)? Network(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address))
        {
            return null;
        }
        var prefix = address.GetAddressBytes();
        if (slash < 0)
        {
            return (prefix, prefix.Length * 8);
        }
        return int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits <= prefix.Length * 8
            ? (prefix, bits)
            : null;
    }

    private static bool Contains((byte[] Prefix, int Bits) network, IPAddress address)
    {
        if (network.Prefix.Length == 4 && address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length) || length != network.Prefix.Length)
        {
            return false;
        }
        var whole = network.Bits / 8;
        var rest = network.Bits % 8;
        return bytes[..whole].SequenceEqual(network.Prefix.AsSpan(0, whole))
            && (rest == 0 || (bytes[whole] ^ network.Prefix[whole]) >> (8 - rest) == 0);
    }

    /// <summary>The six parts of an ARN pattern, not cut inside variables; null when it has fewer.</summary>
    private static List<string>? SplitArn(string text)
    {
        List<string> parts = [];
        var (start, depth) = (0, 0);
        for (var i = 0; i < text.Length && parts.Count < 5; i++)
        {
            if (text[i] == '{' && i > 0 && text[i - 1] == '$')
            {
                depth = 1;
            }
            else if (text[i] == '}')
            {
                depth = 0;
            }
            else if (text[i] == ':' && depth == 0)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }
        parts.Add(text[start..]);
        return parts.Count == 6 ? parts : null;
    }
}
