using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Xml;

/// <summary>Writes shapes as XML elements. Text is escaped here; element names come from the models and need none.</summary>
internal sealed class XmlShapeWriter(PooledBuffer buffer, TimestampFormat timestamps = TimestampFormat.DateTime) : ShapeWriter
{
    /// <summary>The element of the next value where it is not the member's own: list items, map keys and values.</summary>
    private string? _name;
    private string? _namespace;
    private bool _attributes;

    /// <summary>One element with the shape's members inside.</summary>
    public void WriteElement(string name, Shape shape, string? xmlNamespace = null)
    {
        StartShape(name, xmlNamespace, null, shape);
        WriteMembersOf(shape);
        End(name);
    }

    /// <summary>A payload: the element is named by the member, or by the shape itself.</summary>
    public void WritePayload(Member member, Shape shape, string? serviceNamespace) =>
        WriteElement(
            member.XmlName ?? shape.Schema.XmlName ?? shape.Schema.Name, shape,
            member.XmlNamespace ?? shape.Schema.XmlNamespace ?? serviceNamespace);

    public void WriteMembersOf(Shape shape)
    {
        var outer = (_name, _namespace, _attributes);
        (_name, _namespace, _attributes) = (null, null, false);
        shape.WriteMembers(this);
        (_name, _namespace, _attributes) = outer;
    }

    public void Start(string name, string? xmlNamespace = null, string? prefix = null)
    {
        Open(name, xmlNamespace, prefix);
        buffer.Append((byte)'>');
    }

    public void End(string name)
    {
        buffer.Append("</"u8);
        buffer.Append(name);
        buffer.Append((byte)'>');
    }

    public void WriteText(string name, string text)
    {
        Start(name);
        Escape(text, attribute: false);
        End(name);
    }

    public override void WriteBoolean(Member member, bool value) => Scalar(member, value ? "true" : "false");
    public override void WriteInteger(Member member, int value) => Scalar(member, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    public override void WriteLong(Member member, long value) => Scalar(member, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    public override void WriteFloat(Member member, float value) => Scalar(member, Text.Number(value));
    public override void WriteDouble(Member member, double value) => Scalar(member, Text.Number(value));
    public override void WriteString(Member member, string value) => Scalar(member, value);
    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value) => Scalar(member, Convert.ToBase64String(value.Span));

    public override void WriteTimestamp(Member member, DateTimeOffset value) =>
        Scalar(member, Text.Timestamp(value, member.TimestampFormat == TimestampFormat.ProtocolDefault ? timestamps : member.TimestampFormat));

    public override void WriteDocument(Member member, JsonElement value) =>
        throw new NotSupportedException("XML protocols have no documents.");

    public override void WriteStructure(Member member, Shape value)
    {
        if (_attributes)
        {
            return;
        }
        var name = NameOf(member);
        StartShape(name, _namespace ?? member.XmlNamespace, member.XmlNamespacePrefix, value);
        WriteMembersOf(value);
        End(name);
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        if (_attributes)
        {
            return;
        }
        var name = NameOf(member);
        var outer = (_name, _namespace);
        if (!member.XmlFlattened)
        {
            Start(name, member.XmlNamespace, member.XmlNamespacePrefix);
        }
        for (var i = 0; i < values.Count; i++)
        {
            _name = member.XmlFlattened ? name : member.Item!.XmlName ?? "member";
            _namespace = member.Item!.XmlNamespace;
            item(this, member.Item, values[i]);
        }
        (_name, _namespace) = outer;
        if (!member.XmlFlattened)
        {
            End(name);
        }
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        if (_attributes)
        {
            return;
        }
        var name = NameOf(member);
        var outer = (_name, _namespace);
        var entry = member.XmlFlattened ? name : "entry";
        if (!member.XmlFlattened)
        {
            Start(name, member.XmlNamespace, member.XmlNamespacePrefix);
        }
        foreach (var (key, value) in values)
        {
            Start(entry);
            WriteText(member.Key!.XmlName ?? "key", key);
            _name = member.Value!.XmlName ?? "value";
            _namespace = member.Value.XmlNamespace;
            item(this, member.Value, value);
            End(entry);
        }
        (_name, _namespace) = outer;
        if (!member.XmlFlattened)
        {
            End(name);
        }
    }

    private string NameOf(Member member) => _name ?? member.XmlWireName;

    private void Scalar(Member member, string text)
    {
        if (member.XmlAttribute != _attributes)
        {
            return;
        }
        if (member.XmlAttribute)
        {
            buffer.Append((byte)' ');
            buffer.Append(NameOf(member));
            buffer.Append("=\""u8);
            Escape(text, attribute: true);
            buffer.Append((byte)'"');
            return;
        }
        var name = NameOf(member);
        Start(name, _namespace ?? member.XmlNamespace, member.XmlNamespacePrefix);
        Escape(text, attribute: false);
        End(name);
    }

    private void StartShape(string name, string? xmlNamespace, string? prefix, Shape shape)
    {
        Open(name, xmlNamespace, prefix);
        if (HasAttributes(shape.Schema))
        {
            var outer = (_name, _attributes);
            (_name, _attributes) = (null, true);
            shape.WriteMembers(this);
            (_name, _attributes) = outer;
        }
        buffer.Append((byte)'>');
    }

    private static bool HasAttributes(StructureSchema schema)
    {
        foreach (var member in schema.Members)
        {
            if (member.XmlAttribute)
            {
                return true;
            }
        }
        return false;
    }

    private void Open(string name, string? xmlNamespace, string? prefix)
    {
        buffer.Append((byte)'<');
        buffer.Append(name);
        if (xmlNamespace is not null)
        {
            buffer.Append(prefix is null ? " xmlns" : $" xmlns:{prefix}");
            buffer.Append("=\""u8);
            Escape(xmlNamespace, attribute: true);
            buffer.Append((byte)'"');
        }
    }

    /// <summary>Characters that XML cannot carry at all become the replacement character: a reader would refuse the whole answer.</summary>
    private void Escape(string text, bool attribute)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&': buffer.Append("&amp;"u8); break;
                case '<': buffer.Append("&lt;"u8); break;
                case '>': buffer.Append("&gt;"u8); break;
                case '"' when attribute: buffer.Append("&quot;"u8); break;
                case '\r': buffer.Append("&#xD;"u8); break;
                case '\n' when attribute: buffer.Append("&#xA;"u8); break;
                case '\t' when attribute: buffer.Append("&#x9;"u8); break;
                case < 0x20 and not '\t' and not '\n' or 0xFFFE or 0xFFFF: buffer.Append("\uFFFD"); break;
                default: buffer.Advance(rune.EncodeToUtf8(buffer.GetSpan(4))); break;
            }
        }
    }
}
