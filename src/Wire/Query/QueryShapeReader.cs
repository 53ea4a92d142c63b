using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Query;

/// <summary>
/// Reads shapes from form fields. Both spellings of collections are understood wherever they cannot be confused:
/// <c>Name.member.1</c> and the flattened <c>Name.1</c>, and SQS's oldest form without any number.
/// </summary>
internal sealed class QueryShapeReader : ShapeReader
{
    private FormNode _node;

    private QueryShapeReader(FormNode node) => _node = node;

    public static void ReadInto(FormNode root, Shape into) => new QueryShapeReader(root).ReadMembers(into);

    public override bool ReadBoolean(Member member) => Text.ParseBoolean(Value(member));
    public override int ReadInteger(Member member) => Text.ParseInteger(Value(member));
    public override long ReadLong(Member member) => Text.ParseLong(Value(member));
    public override float ReadFloat(Member member) => (float)Text.ParseDouble(Value(member));
    public override double ReadDouble(Member member) => Text.ParseDouble(Value(member));
    public override string ReadString(Member member) => Value(member);
    public override ReadOnlyMemory<byte> ReadBlob(Member member) => Text.ParseBase64(Value(member));
    public override DateTimeOffset ReadTimestamp(Member member) => Text.ParseTimestamp(Value(member));
    public override JsonElement ReadDocument(Member member) => throw new MalformedRequestException("The Query protocol has no documents");

    public override T ReadStructure<T>(Member member)
    {
        var value = new T();
        ReadMembers(value);
        return value;
    }

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var outer = _node;
        var values = new List<T>();
        foreach (var node in Items(_node, member.Item!.XmlName, "member"))
        {
            _node = node;
            values.Add(item(this, member.Item));
        }
        _node = outer;
        return values;
    }

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var outer = _node;
        var (keyName, valueName) = (member.Key!.XmlName ?? "key", member.Value!.XmlName ?? "value");
        var entries = _node.Child(keyName) is not null ? [_node] : Items(_node, null, "entry");
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var (key, value) = (entry.Child(keyName)?.Value, entry.Child(valueName));
            if (key is null || value is null)
            {
                throw new MalformedRequestException($"An entry of {member.XmlWireName} lacks its {keyName} or {valueName}");
            }
            _node = value;
            if (!values.TryAdd(key, item(this, member.Value)))
            {
                throw new MalformedRequestException($"The key {key} is given twice");
            }
        }
        _node = outer;
        return values;
    }

    private static List<FormNode> Items(FormNode node, string? itemName, string defaultName)
    {
        if (node.IsLeaf)
        {
            // "Name=" is how an empty list is sent; "Name=x" is a list of one in SQS's oldest form.
            return node.Value is { Length: > 0 } ? [node] : [];
        }
        var numbered = node.Numbered();
        return numbered.Count > 0
            ? numbered
            : ((itemName is null ? null : node.Child(itemName)) ?? node.Child(defaultName))?.Numbered() ?? [];
    }

    private void ReadMembers(Shape into)
    {
        var outer = _node;
        foreach (var member in into.Schema.Members)
        {
            if ((Singular(outer, into.Schema, member) ?? outer.Child(member.XmlWireName) ?? outer.Child(member.Name)) is { } node)
            {
                _node = node;
                into.ReadMember(member, this);
            }
        }
        _node = outer;
    }

    /// <summary>
    /// A flattened list under its own name in the singular, where the model gives it that of another member: SQS's MessageSystemAttributeNames
    /// travels as AttributeName, and clients that follow the API reference write MessageSystemAttributeName.
    /// </summary>
    private static FormNode? Singular(FormNode node, StructureSchema schema, Member member) =>
        member is { XmlFlattened: true, Kind: ShapeKind.List } && member.Name.EndsWith('s') && SharesItsName(schema, member)
            ? node.Child(member.Name.AsSpan(0, member.Name.Length - 1))
            : null;

    private static bool SharesItsName(StructureSchema schema, Member member)
    {
        foreach (var other in schema.Members)
        {
            if (other != member && other.XmlWireName == member.XmlWireName)
            {
                return true;
            }
        }
        return false;
    }

    private string Value(Member member) =>
        _node.Value ?? throw new MalformedRequestException($"The parameter {member.XmlWireName} has no value");
}
