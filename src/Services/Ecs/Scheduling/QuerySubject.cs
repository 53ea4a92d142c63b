using System.Globalization;
using System.Text.RegularExpressions;

namespace Longspan.Services.Ecs.Scheduling;

/// <summary>What a term of the cluster query language asks about, and how it compares that with the term's argument.</summary>
internal sealed partial class QuerySubject
{
    /// <summary>Counted repetitions multiply a pattern's size; beyond this it is refused.</summary>
    public const int MaximumRepetitions = 1000;

    private static readonly QueryOperator[] Texts = [QueryOperator.EqualTo, QueryOperator.In, QueryOperator.Matches];
    private static readonly QueryOperator[] Orders =
        [QueryOperator.EqualTo, QueryOperator.Greater, QueryOperator.GreaterOrEqual, QueryOperator.Less, QueryOperator.LessOrEqual];

    private static readonly string[] DateForms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss"];

    private readonly QueryOperator[] _operators;
    private readonly Func<NodeCapacity, Func<string, bool>, bool>? _anyText;
    // The order of a node against an argument; null when the argument cannot be read.
    private readonly Func<string, Func<NodeCapacity, int?>?>? _order;
    private readonly string _form;

    private QuerySubject(QueryOperator[] operators, Func<NodeCapacity, Func<string, bool>, bool>? anyText,
        Func<string, Func<NodeCapacity, int?>?>? order = null, string form = "", bool readsTasks = false) =>
        (_operators, _anyText, _order, _form, ReadsTasks) = (operators, anyText, order, form, readsTasks);

    public bool ReadsTasks { get; }

    public static QuerySubject? Of(string name) => name switch
    {
        "agentConnected" => new(Texts, (node, test) => test(node.AgentConnected ? "true" : "false")),
        "agentVersion" => new(Orders, null, OrderByVersion, "a version such as 1.14.5"),
        "ec2InstanceId" => new(Texts, (node, test) => node.Ec2InstanceId is { } id && test(id)),
        "registeredAt" => new(Orders, null, OrderByDate, "a date such as 2018-06-18 or 2018-06-18T22:28:28Z"),
        "runningTasksCount" => new(Orders, null, OrderByCount, "a number", readsTasks: true),
        "task:group" => new([.. Texts, QueryOperator.Exists],
            (node, test) => node.TasksByGroup.Any(g => g.Value > 0 && test(g.Key)), readsTasks: true),
        _ when name.StartsWith(ClusterQueryParser.AttributePrefix, StringComparison.Ordinal)
            && ClusterQueryParser.IsAttributeName(name[ClusterQueryParser.AttributePrefix.Length..]) =>
                Attribute(name[ClusterQueryParser.AttributePrefix.Length..]),
        _ => null,
    };

    public bool Allows(QueryOperator op) => _operators.Contains(op);

    /// <summary>The test of a node for this operator and its arguments, or null and what is wrong with them.</summary>
    public Func<NodeCapacity, bool>? Test(QueryOperator op, IReadOnlyList<string> arguments, out string problem)
    {
        problem = "";
        if (op == QueryOperator.Exists)
        {
            return node => _anyText!(node, _ => true);
        }
        if (_order is not null && (_anyText is null || !Texts.Contains(op)))
        {
            if (_order(arguments[0]) is not { } order)
            {
                problem = $"'{arguments[0]}' is not {_form}";
                return null;
            }
            return node => order(node) is { } sign && Holds(op, sign);
        }
        if (op == QueryOperator.Matches)
        {
            return Pattern(arguments[0], out problem) is { } pattern ? node => _anyText!(node, pattern.IsMatch) : null;
        }
        return node => _anyText!(node, arguments.Contains);
    }

    private static bool Holds(QueryOperator op, int sign) => op switch
    {
        QueryOperator.Greater => sign > 0,
        QueryOperator.GreaterOrEqual => sign >= 0,
        QueryOperator.Less => sign < 0,
        QueryOperator.LessOrEqual => sign <= 0,
        _ => sign == 0,
    };

    private static QuerySubject Attribute(string name) => new(
        Enum.GetValues<QueryOperator>(),
        (node, test) => node.Attributes.TryGetValue(name, out var value) && test(value),
        argument => node => node.Attributes.TryGetValue(name, out var value) ? CompareValues(value, argument) : null);

    private static int CompareValues(string value, string argument) =>
        Number(value) is { } left && Number(argument) is { } right ? left.CompareTo(right) : string.CompareOrdinal(value, argument);

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number : null;

    private static Func<NodeCapacity, int?>? OrderByCount(string argument) =>
        int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? node => node.RunningTasks.CompareTo(count) : null;

    private static Func<NodeCapacity, int?>? OrderByVersion(string argument) =>
        ParseVersion(argument) is { } version ? node => ParseVersion(node.AgentVersion)?.CompareTo(version) : null;

    // Agents write 1.99.1, v1.99.1 or 1.99.1-dev; a part that is left out counts as 0.
    private static Version? ParseVersion(string? text)
    {
        if (text is null || !Versions().IsMatch(text))
        {
            return null;
        }
        var parts = text.TrimStart('v').Split('-', '+')[0].Split('.').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).Concat([0, 0, 0]).ToArray();
        return new Version(parts[0], parts[1], parts[2], parts[3]);
    }

    private static Func<NodeCapacity, int?>? OrderByDate(string argument)
    {
        if (DateOnly.TryParseExact(argument, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return node => DateOnly.FromDateTime(node.RegisteredAt.UtcDateTime).CompareTo(day);
        }
        return DateTimeOffset.TryParseExact(argument, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? node => node.RegisteredAt.ToUnixTimeSeconds().CompareTo(moment.ToUnixTimeSeconds()) : null;
    }

    // Without backtracking a match is linear in the value, so it needs no time limit, which a loaded machine would trip. The pattern must
    // be one on its own before it is wrapped: otherwise a stray bracket could escape from the wrapping.
    private static Regex? Pattern(string text, out string problem)
    {
        problem = "";
        try
        {
            if (Repetitions().Matches(text).Aggregate(1m, (product, m) => Math.Min(product * Bound(m), MaximumRepetitions + 1)) > MaximumRepetitions)
            {
                problem = $"the pattern repeats more than {MaximumRepetitions} times";
                return null;
            }
            _ = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return new Regex($@"\A(?:{text})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException)
        {
            problem = "the pattern is not a regular expression";
        }
        catch (NotSupportedException)
        {
            problem = "the pattern looks around or refers back, which is not supported";
        }
        return null;
    }

    private static decimal Bound(Match repetition)
    {
        var text = repetition.Groups["most"].Value is { Length: > 0 } most ? most : repetition.Groups["least"].Value;
        return text.Length > 4 ? MaximumRepetitions + 1 : Math.Max(1, int.Parse(text, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"\{(?<least>[0-9]+)(,(?<most>[0-9]*))?\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Repetitions();

    [GeneratedRegex(@"^v?[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+].*)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Versions();
}
