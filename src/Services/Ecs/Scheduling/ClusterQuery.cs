using System.Diagnostics.CodeAnalysis;

namespace Longspan.Services.Ecs.Scheduling;

/// <summary>
/// An expression of the cluster query language: what memberOf constraints and the filter of ListContainerInstances are written in.
/// A term is <c>subject operator [argument]</c>; terms are joined by <c>not</c> (<c>!</c>), <c>and</c> (<c>&amp;&amp;</c>) and <c>or</c>
/// (<c>||</c>), binding in this order, and grouped by parentheses. A parsed expression is a pure function of a node.
/// <para>AWS leaves some meanings open. Here a negated operator is always the negation of its positive one, so <c>!=</c> holds for a
/// node without the attribute; a pattern must match the whole value; attributes are ordered as numbers when both sides are numbers and
/// as text otherwise; <c>registeredAt</c> is compared at the precision of the argument, a second or a day in UTC.</para>
/// </summary>
internal sealed class ClusterQuery
{
    public const int MaximumLength = 2000;
    /// <summary>Parentheses and negations inside one another.</summary>
    public const int MaximumDepth = 32;
    public const int MaximumTerms = 100;

    private readonly Func<NodeCapacity, bool> _holds;

    private ClusterQuery(Func<NodeCapacity, bool> holds, bool readsTasks) => (_holds, ReadsTasks) = (holds, readsTasks);

    /// <summary>Whether the answer depends on the tasks of the node, and not on the node alone.</summary>
    public bool ReadsTasks { get; }

    public bool Matches(NodeCapacity node) => _holds(node);

    public static bool TryParse(string? text, [NotNullWhen(true)] out ClusterQuery? query, out QueryError error)
    {
        query = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            error = new QueryError(1, "the expression is empty");
            return false;
        }
        if (text.Length > MaximumLength)
        {
            error = new QueryError(MaximumLength + 1, $"the expression is longer than {MaximumLength} characters");
            return false;
        }
        var parser = new ClusterQueryParser(text);
        var holds = parser.Parse();
        error = parser.Error;
        query = holds is null ? null : new ClusterQuery(holds, parser.ReadsTasks);
        return query is not null;
    }

    /// <summary>Whether a spread strategy may name this field: the instance, or an attribute with or without its prefix.</summary>
    public static bool IsSpreadField(string? field) =>
        field is { Length: > 0 } && ClusterQueryParser.IsAttributeName(
            field.StartsWith(ClusterQueryParser.AttributePrefix, StringComparison.Ordinal) ? field[ClusterQueryParser.AttributePrefix.Length..] : field);
}

/// <summary>What is wrong with an expression, and at which character, counted from 1.</summary>
internal readonly record struct QueryError(int Position, string Message)
{
    public override string ToString() => $"at character {Position}: {Message}";
}

internal enum QueryOperator
{
    EqualTo, Greater, GreaterOrEqual, Less, LessOrEqual, Exists, In, Matches,
}
