using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Xml;

/// <summary>Reads shapes from a parsed XML body.</summary>
internal sealed class XmlShapeReader : ShapeReader
{
    /// <summary>The elements of the value at hand: one, or all siblings of a flattened list or map.</summary>
    private List<XmlNode> _nodes;
    private string? _attribute;

    private XmlShapeReader(XmlNode node) => _nodes = [node];

    /// <summary>Reads the members of a structure from the children of its element.</summary>
    public static void ReadInto(XmlNode node, Shape into, bool bodyOnly = false) => new XmlShapeReader(node).ReadMembers(node, into, bodyOnly);

    /// <summary>Reads a payload member whose element is the root.</summary>
    public static void ReadPayload(XmlNode root, Shape into, Member payload) => into.ReadMember(payload, new XmlShapeReader(root));

    public override bool ReadBoolean(Member member) => Text.ParseBoolean(Value.Trim());
    public override int ReadInteger(Member member) => Text.ParseInteger(Value.Trim());
    public override long ReadLong(Member member) => Text.ParseLong(Value.Trim());
    public override float ReadFloat(Member member) => (float)Text.ParseDouble(Value.Trim());
    public override double ReadDouble(Member member) => Text.ParseDouble(Value.Trim());
    public override string ReadString(Member member) => Value;
    public override ReadOnlyMemory<byte> ReadBlob(Member member) => Text.ParseBase64(Value);
    public override DateTimeOffset ReadTimestamp(Member member) => Text.ParseTimestamp(Value.Trim());
    public override JsonElement ReadDocument(Member member) => throw new MalformedRequestException("XML protocols have no documents");

    public override T ReadStructure<T>(Member member)
    {
        var value = new T();
        ReadMembers(_nodes[0], value, bodyOnly: false);
        return value;
    }

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var items = member.XmlFlattened ? _nodes : _nodes[0].Children;
        var outer = _nodes;
        var values = new List<T>(items.Count);
        foreach (var node in items)
        {
            _nodes = [node];
            values.Add(item(this, member.Item!));
        }
        _nodes = outer;
        return values;
    }

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var entries = member.XmlFlattened ? _nodes : _nodes[0].Children;
        var outer = _nodes;
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var key = entry.Child(member.Key!.XmlName ?? "key");
            var value = entry.Child(member.Value!.XmlName ?? "value");
            if (key is null || value is null)
            {
                throw new MalformedRequestException("A map entry lacks its key or value");
            }
            _nodes = [value];
            if (!values.TryAdd(key.Text, item(this, member.Value)))
            {
                throw new MalformedRequestException("Duplicate key");
            }
        }
        _nodes = outer;
        return values;
    }

    private string Value => _attribute ?? _nodes[0].Text;

    private void ReadMembers(XmlNode node, Shape into, bool bodyOnly)
    {
        var outer = _nodes;
        foreach (var member in into.Schema.Members)
        {
            if (bodyOnly && member.Location != HttpLocation.Body)
            {
                continue;
            }
            if (member.XmlAttribute)
            {
                if (node.Attributes?.TryGetValue(member.XmlWireName, out _attribute) == true)
                {
                    into.ReadMember(member, this);
                    _attribute = null;
                }
                continue;
            }
            var found = node.Children.FindAll(c => c.Name == member.XmlWireName);
            if (found.Count == 0)
            {
                continue;
            }
            if (found.Count > 1 && !member.XmlFlattened)
            {
                throw new MalformedRequestException("Duplicate element");
            }
            _nodes = found;
            into.ReadMember(member, this);
        }
        _nodes = outer;
    }
}
