using Longspan.Api.Shapes;

namespace Longspan.Wire.Recognition;

/// <summary>
/// A URI pattern of an HTTP binding, such as <c>/{Bucket}/{Key+}?x-id=PutObject</c>: literal segments, labels, at most one greedy
/// label, and query literals that must be present.
/// </summary>
internal sealed class UriPattern
{
    private readonly Segment[] _segments;
    private readonly (string Name, string? Value)[] _query;

    private readonly record struct Segment(string Text, bool IsLabel, bool IsGreedy);

    private UriPattern(Segment[] segments, (string, string?)[] query) => (_segments, _query) = (segments, query);

    /// <summary>More literals first, so that <c>/queues/defaults</c> is tried before <c>/queues/{name}</c>.</summary>
    public int Specificity => _segments.Sum(s => s.IsLabel ? (s.IsGreedy ? 1 : 2) : 4) + (_query.Length * 100);

    public static UriPattern Parse(string pattern)
    {
        var mark = pattern.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? pattern : pattern[..mark];
        var segments = Split(path).Select(s => s is ['{', .. var label, '}']
            ? new Segment(label.TrimEnd('+'), true, label.EndsWith('+'))
            : new Segment(s, false, false));
        var query = mark < 0 ? [] : pattern[(mark + 1)..].Split('&').Select(p =>
        {
            var equals = p.IndexOf('=', StringComparison.Ordinal);
            return equals < 0 ? (p, (string?)null) : (p[..equals], p[(equals + 1)..]);
        });
        return new UriPattern([.. segments], [.. query]);
    }

    /// <summary>The labels' decoded values, or null when the path does not fit.</summary>
    public Dictionary<string, string>? Match(string path, Query.FormFields query)
    {
        foreach (var (name, value) in _query)
        {
            var actual = query.Find(name);
            // x-id only names the operation for logs; old clients do not send it.
            if (name != "x-id" && (actual is null || (value is not null && actual != value)))
            {
                return null;
            }
        }
        var parts = Split(path);
        var greedy = Array.FindIndex(_segments, s => s.IsGreedy);
        if (greedy < 0 ? parts.Length != _segments.Length : parts.Length < _segments.Length)
        {
            return null;
        }
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var next = 0;
        foreach (var segment in _segments)
        {
            var take = segment.IsGreedy ? parts.Length - _segments.Length + 1 : 1;
            var text = take == 1 ? parts[next] : string.Join('/', parts, next, take);
            next += take;
            if (!segment.IsLabel)
            {
                if (!string.Equals(segment.Text, text, StringComparison.Ordinal))
                {
                    return null;
                }
                continue;
            }
            if (text.Length == 0)
            {
                return null;
            }
            labels[segment.Text] = Text.PercentDecode(text, plusIsSpace: false)
                ?? throw new MalformedRequestException("The path contains a malformed escape");
        }
        return labels;
    }

    /// <summary>Fills in labels for the client's side and for tests.</summary>
    public string Expand(Func<string, string> label) =>
        "/" + string.Join('/', _segments.Select(s => s.IsLabel ? Text.PercentEncode(label(s.Text), s.IsGreedy) : s.Text));

    private static string[] Split(string path) => path is "/" or "" ? [] : path.TrimStart('/').Split('/');
}
