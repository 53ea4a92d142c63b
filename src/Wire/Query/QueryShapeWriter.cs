using System.Globalization;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Query;

/// <summary>Writes a request as form fields: the client's side of the Query protocol.</summary>
internal sealed class QueryShapeWriter(PooledBuffer buffer) : ShapeWriter
{
    private string _prefix = "";
    /// <summary>The whole name of the next value where it is not the prefix and the member's own: items and map values.</summary>
    private string? _name;

    public void WriteField(string name, string value)
    {
        if (buffer.Length > 0)
        {
            buffer.Append((byte)'&');
        }
        Text.PercentEncode(buffer, Text.Utf8.GetBytes(name));
        buffer.Append((byte)'=');
        Text.PercentEncode(buffer, Text.Utf8.GetBytes(value));
    }

    public override void WriteBoolean(Member member, bool value) => WriteField(NameOf(member), value ? "true" : "false");
    public override void WriteInteger(Member member, int value) => WriteField(NameOf(member), value.ToString(CultureInfo.InvariantCulture));
    public override void WriteLong(Member member, long value) => WriteField(NameOf(member), value.ToString(CultureInfo.InvariantCulture));
    public override void WriteFloat(Member member, float value) => WriteField(NameOf(member), Text.Number(value));
    public override void WriteDouble(Member member, double value) => WriteField(NameOf(member), Text.Number(value));
    public override void WriteString(Member member, string value) => WriteField(NameOf(member), value);
    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value) =>
        WriteField(NameOf(member), Convert.ToBase64String(value.Span));

    public override void WriteTimestamp(Member member, DateTimeOffset value) =>
        WriteField(NameOf(member), Text.Timestamp(value, member.TimestampFormat));

    public override void WriteDocument(Member member, JsonElement value) =>
        throw new NotSupportedException("The Query protocol has no documents.");

    public override void WriteStructure(Member member, Shape value)
    {
        var outer = (_prefix, _name);
        (_prefix, _name) = (NameOf(member) + ".", null);
        value.WriteMembers(this);
        (_prefix, _name) = outer;
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        var name = NameOf(member);
        if (values.Count == 0)
        {
            WriteField(name, "");
            return;
        }
        var list = member.XmlFlattened ? name : $"{name}.{member.Item!.XmlName ?? "member"}";
        var outer = _name;
        for (var i = 0; i < values.Count; i++)
        {
            _name = $"{list}.{i + 1}";
            item(this, member.Item!, values[i]);
        }
        _name = outer;
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        var name = NameOf(member);
        var map = member.XmlFlattened ? name : $"{name}.entry";
        var outer = _name;
        var number = 0;
        foreach (var (key, value) in values)
        {
            number++;
            WriteField($"{map}.{number}.{member.Key!.XmlName ?? "key"}", key);
            _name = $"{map}.{number}.{member.Value!.XmlName ?? "value"}";
            item(this, member.Value, value);
        }
        _name = outer;
    }

    private string NameOf(Member member) => _name ?? _prefix + member.XmlWireName;
}
