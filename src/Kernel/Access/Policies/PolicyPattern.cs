using System.Text;

namespace Longspan.Kernel.Access.Policies;

/// <summary>
/// One text of a policy, prepared for comparing: an action, a resource, a condition's value. Stars and question marks are wildcards where the
/// element has them, and <c>${key}</c> is a variable in policies of the current version. What a variable brings along is
/// plain text, stars included: nobody widens a policy by naming themselves <c>*</c>.
/// </summary>
internal sealed class PolicyPattern
{
    // Noncharacters, so that stars which stand for themselves can be told from wildcards once variables are filled in.
    private const char AnyRun = '\uFFFF';
    private const char AnyOne = '\uFFFE';
    private const char Neither = '\uFFFD';

    private readonly Shape _shape;
    private readonly string _text;
    private readonly Piece[] _pieces;
    private readonly bool _ignoreCase;

    /// <param name="text">As the policy has it.</param>
    public PolicyPattern(string text, bool hasWildcards, bool hasVariables, bool ignoreCase = false)
    {
        _ignoreCase = ignoreCase;
        _pieces = [.. Cut(text, hasWildcards, hasVariables)];
        _text = _pieces is [{ Key: null } only] ? only.Text : "";
        var firstWild = _text.AsSpan().IndexOfAny(AnyRun, AnyOne);
        _shape = _pieces.Length > 1 || _pieces is [{ Key: not null }] ? Shape.Template
            : _text == AnyRun.ToString() ? Shape.Anything
            : firstWild < 0 ? Shape.Exact
            : firstWild == _text.Length - 1 && _text[^1] == AnyRun ? Shape.Prefix
            : Shape.General;
    }

    private enum Shape
    {
        Anything, Exact, Prefix, General, Template,
    }

    /// <summary>Fixed text, or a variable with the value that it has when the request does not know its key.</summary>
    private readonly record struct Piece(string Text, ConditionKey? Key, string? Otherwise);

    /// <summary>The keys of the variables.</summary>
    public IEnumerable<ConditionKey> Keys => _pieces.Where(p => p.Key is not null).Select(p => p.Key!);

    /// <summary>Null when a variable has no value: then this is no text at all, and matches nothing.</summary>
    public bool? Matches(ReadOnlySpan<char> text, AccessContext context)
    {
        var comparison = _ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        switch (_shape)
        {
            case Shape.Anything:
                return true;
            case Shape.Exact:
                return text.Equals(_text, comparison);
            case Shape.Prefix:
                return text.StartsWith(_text.AsSpan(0, _text.Length - 1), comparison);
            case Shape.General:
                return Wildcards.Match(_text, text, _ignoreCase, AnyRun, AnyOne);
            default:
                return Fill(context) is { } filled ? Wildcards.Match(filled, text, _ignoreCase, AnyRun, AnyOne) : null;
        }
    }

    private string? Fill(AccessContext context)
    {
        var filled = new StringBuilder();
        foreach (var piece in _pieces)
        {
            if (piece.Key is null)
            {
                filled.Append(piece.Text);
                continue;
            }
            // A key with several values has none that could stand in a text.
            var values = context.Find(piece.Key);
            if ((values.Count == 1 ? values[0] : piece.Otherwise) is not { } value)
            {
                return null;
            }
            filled.Append(Plain(value));
        }
        return filled.ToString();
    }

    private static List<Piece> Cut(string text, bool hasWildcards, bool hasVariables)
    {
        List<Piece> pieces = [];
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var end = hasVariables && text[i] == '$' && i + 1 < text.Length && text[i + 1] == '{' ? text.IndexOf('}', i) : -1;
            if (end < 0)
            {
                plain.Append(text[i] switch
                {
                    '*' when hasWildcards => AnyRun,
                    '?' when hasWildcards => AnyOne,
                    AnyRun or AnyOne => Neither,
                    var other => other,
                });
                continue;
            }
            var inside = text[(i + 2)..end].Trim();
            i = end;
            if (inside is "*" or "?" or "$")
            {
                plain.Append(inside);
                continue;
            }
            if (plain.Length > 0)
            {
                pieces.Add(new Piece(plain.ToString(), null, null));
                plain.Clear();
            }
            pieces.Add(Variable(inside));
        }
        if (plain.Length > 0 || pieces.Count == 0)
        {
            pieces.Add(new Piece(plain.ToString(), null, null));
        }
        return pieces;
    }

    // key, or key, 'default'
    private static Piece Variable(string inside)
    {
        var comma = inside.IndexOf(',', StringComparison.Ordinal);
        var otherwise = comma < 0 ? "" : inside[(comma + 1)..].Trim();
        var isQuoted = otherwise.Length >= 2 && otherwise[0] == '\'' && otherwise[^1] == '\'';
        return new Piece("", ConditionKey.Of(comma < 0 ? inside : inside[..comma].Trim()), isQuoted ? otherwise[1..^1] : null);
    }

    private static string Plain(string value) =>
        value.AsSpan().IndexOfAny(AnyRun, AnyOne) < 0 ? value : value.Replace(AnyRun, Neither).Replace(AnyOne, Neither);
}
