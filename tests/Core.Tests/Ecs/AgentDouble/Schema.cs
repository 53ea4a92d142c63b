using System.Text.Json;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>
/// What a message may hold, as a tree of members with JSON types. Strict on purpose: the agent ignores members that it does not know, and
/// discards the whole message for one wrong type, so a server that never sends either is one that every version understands.
/// </summary>
internal abstract record Kind
{
    public static readonly Kind S = new Scalar("string", JsonValueKind.String);
    public static readonly Kind B = new Scalar("boolean", JsonValueKind.True, JsonValueKind.False);
    /// <summary>Integer or long: a JSON number without a fraction.</summary>
    public static readonly Kind L = new Scalar("integer", JsonValueKind.Number) { IsWhole = true };
    public static readonly Kind D = new Scalar("number", JsonValueKind.Number);

    public static Kind List(Kind of) => new ListOf(of);

    public static Kind Map() => new MapOf();

    public static Kind Object(params Member[] members) => new ObjectOf(members);

    public static Kind OneOf(params string[] values) => new Scalar("one of " + string.Join(", ", values), JsonValueKind.String) { Values = values };

    public abstract void Check(JsonElement value, string at, List<string> faults);

    private sealed record Scalar(string Name, params JsonValueKind[] Kinds) : Kind
    {
        public bool IsWhole { get; init; }
        public string[]? Values { get; init; }

        public override void Check(JsonElement value, string at, List<string> faults)
        {
            if (!Kinds.Contains(value.ValueKind) || (IsWhole && !value.TryGetInt64(out _)) || (Values is not null && !Values.Contains(value.GetString())))
            {
                faults.Add($"{at}: {value.GetRawText()} is not {Name}");
            }
        }
    }

    private sealed record ListOf(Kind Of) : Kind
    {
        public override void Check(JsonElement value, string at, List<string> faults)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                faults.Add($"{at}: {value.ValueKind} is no list");
                return;
            }
            var i = 0;
            foreach (var item in value.EnumerateArray())
            {
                Of.Check(item, $"{at}[{i++}]", faults);
            }
        }
    }

    private sealed record MapOf : Kind
    {
        public override void Check(JsonElement value, string at, List<string> faults)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{at}: {value.ValueKind} is no map");
                return;
            }
            foreach (var entry in value.EnumerateObject())
            {
                S.Check(entry.Value, $"{at}.{entry.Name}", faults);
            }
        }
    }

    private sealed record ObjectOf(Member[] Members) : Kind
    {
        public override void Check(JsonElement value, string at, List<string> faults)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{at}: {value.ValueKind} is no object");
                return;
            }
            foreach (var member in value.EnumerateObject())
            {
                if (Members.FirstOrDefault(m => m.Name == member.Name) is { } known)
                {
                    known.Of.Check(member.Value, $"{at}.{member.Name}", faults);
                }
                else
                {
                    faults.Add($"{at}.{member.Name}: no agent knows this member");
                }
            }
            foreach (var member in Members.Where(m => m.IsRequired))
            {
                if (!value.TryGetProperty(member.Name, out var found) || found.ValueKind == JsonValueKind.Null
                    || (found.ValueKind == JsonValueKind.String && found.GetString() == ""))
                {
                    faults.Add($"{at}.{member.Name}: missing or empty");
                }
            }
        }
    }
}

internal sealed record Member(string Name, Kind Of, bool IsRequired = false)
{
    public static implicit operator Member((string Name, Kind Of) pair) => new(pair.Name, pair.Of);
}
