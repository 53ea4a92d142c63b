using System.Runtime.CompilerServices;
using Longspan.Api.Shapes;
using Longspan.Wire.Recognition;

namespace Longspan.Wire.Http;

/// <summary>The part of restJson and restXml that is not the body: path labels, query, headers, and which member is the body.</summary>
internal static class HttpBindings
{
    private static readonly ConditionalWeakTable<Operation, UriPattern> Patterns = [];

    public static Member? Payload(StructureSchema schema)
    {
        foreach (var member in schema.Members)
        {
            if (member.Location == HttpLocation.Payload)
            {
                return member;
            }
        }
        return null;
    }

    public static bool HasBody(StructureSchema schema)
    {
        foreach (var member in schema.Members)
        {
            if (member.Location == HttpLocation.Body)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether a payload member is the body's bytes as they are, rather than a document in the protocol's format.</summary>
    public static bool IsRaw(Member payload) => payload.Kind is ShapeKind.Blob or ShapeKind.String;

    /// <summary>Reads everything but the body.</summary>
    public static void Read(Operation operation, WireRequest request, Shape into)
    {
        var labels = Patterns.GetValue(operation, static o => UriPattern.Parse(o.HttpUri!)).Match(request.Path, request.QueryFields)
            ?? throw new MalformedRequestException("The path does not fit the operation");
        foreach (var member in into.Schema.Members)
        {
            var reader = member.Location switch
            {
                HttpLocation.Label => labels.TryGetValue(member.LocationName ?? member.Name, out var label) ? new TextShapeReader(label) : null,
                HttpLocation.Query => FromQuery(request, member),
                HttpLocation.QueryParams => new TextShapeReader(FreeParameters(request, into.Schema)),
                HttpLocation.Header => FromHeader(request, member),
                HttpLocation.PrefixHeaders => FromPrefix(request, member.LocationName ?? ""),
                HttpLocation.Payload when IsRaw(member) && !request.Body.IsEmpty => new TextShapeReader(request.Body),
                _ => null,
            };
            if (reader is not null)
            {
                into.ReadMember(member, reader);
            }
        }
    }

    private static TextShapeReader? FromQuery(WireRequest request, Member member)
    {
        List<string>? values = null;
        foreach (var (name, value) in request.QueryFields.Fields)
        {
            if (name == member.LocationName)
            {
                (values ??= []).Add(value);
            }
        }
        return values is null ? null : new TextShapeReader(values);
    }

    private static Dictionary<string, List<string>> FreeParameters(WireRequest request, StructureSchema schema)
    {
        var bound = schema.Members.Where(m => m.Location == HttpLocation.Query).Select(m => m.LocationName!).ToHashSet(StringComparer.Ordinal);
        var free = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (name, value) in request.QueryFields.Fields)
        {
            if (bound.Contains(name))
            {
                continue;
            }
            if (!free.TryGetValue(name, out var values))
            {
                free[name] = values = [];
            }
            values.Add(value);
        }
        return free;
    }

    private static TextShapeReader? FromHeader(WireRequest request, Member member)
    {
        var values = request.Headers[member.LocationName!];
        if (values.Count == 0 || (values.Count == 1 && values[0] is "" && member.Kind != ShapeKind.String))
        {
            return null;
        }
        var text = values.ToString();
        return new TextShapeReader(member.Kind == ShapeKind.List ? SplitList(text, member.Item!) : [text]);
    }

    private static TextShapeReader? FromPrefix(WireRequest request, string prefix)
    {
        Dictionary<string, List<string>>? map = null;
        foreach (var (name, value) in request.Headers)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && name.Length > prefix.Length)
            {
                (map ??= new(StringComparer.Ordinal))[name[prefix.Length..].ToLowerInvariant()] = [value.ToString()];
            }
        }
        return map is null ? null : new TextShapeReader(map);
    }

    /// <summary>Items are separated by commas; quoted items may hold some, and so does every HTTP date.</summary>
    private static List<string> SplitList(string text, Member item)
    {
        var items = new List<string>();
        var isDate = item.Kind == ShapeKind.Timestamp && item.TimestampFormat is TimestampFormat.ProtocolDefault or TimestampFormat.HttpDate;
        var current = new System.Text.StringBuilder();
        var (quoted, commas) = (false, 0);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == '\\' && quoted && i + 1 < text.Length)
            {
                current.Append(text[++i]);
            }
            else if (c == ',' && !quoted && !(isDate && ++commas % 2 == 1))
            {
                items.Add(current.ToString().Trim());
                current.Clear();
            }
            else
            {
                current.Append(c);
            }
        }
        items.Add(current.ToString().Trim());
        return items;
    }
}
