using System.Text.Json;
using Longspan.Api.Shapes;
using Xunit;

namespace Longspan.Core.Tests.Generate;

/// <summary>The simplest protocol there can be: a structure is a dictionary by member name, a list is a list, a scalar is itself.</summary>
internal sealed class TreeWriter : ShapeWriter
{
    private readonly Dictionary<string, object> _structure = [];
    private List<object>? _list;
    private string? _key;
    private Dictionary<string, object>? _map;

    public static Dictionary<string, object> Write(Shape shape)
    {
        var writer = new TreeWriter();
        shape.WriteMembers(writer);
        return writer._structure;
    }

    public override void WriteBoolean(Member member, bool value) => Put(member, ShapeKind.Boolean, value);
    public override void WriteInteger(Member member, int value) => Put(member, ShapeKind.Integer, value);
    public override void WriteLong(Member member, long value) => Put(member, ShapeKind.Long, value);
    public override void WriteFloat(Member member, float value) => Put(member, ShapeKind.Float, value);
    public override void WriteDouble(Member member, double value) => Put(member, ShapeKind.Double, value);
    public override void WriteString(Member member, string value) => Put(member, ShapeKind.String, value);
    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value) => Put(member, ShapeKind.Blob, Convert.ToHexString(value.Span));
    public override void WriteTimestamp(Member member, DateTimeOffset value) => Put(member, ShapeKind.Timestamp, value);
    public override void WriteDocument(Member member, JsonElement value) => Put(member, ShapeKind.Document, value.GetRawText());
    public override void WriteStructure(Member member, Shape value) => Put(member, ShapeKind.Structure, Write(value));

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        var writer = new TreeWriter { _list = [] };
        foreach (var value in values)
            item(writer, member.Item!, value);
        Put(member, ShapeKind.List, writer._list);
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        Assert.Equal(ShapeKind.String, member.Key!.Kind);
        var writer = new TreeWriter { _map = [] };
        foreach (var (key, value) in values)
        {
            writer._key = key;
            item(writer, member.Value!, value);
        }
        Put(member, ShapeKind.Map, writer._map);
    }

    private void Put(Member member, ShapeKind kind, object value)
    {
        Assert.Equal(kind, member.Kind);
        if (_list is not null)
            _list.Add(value);
        else if (_map is not null)
            _map.Add(_key!, value);
        else
            _structure.Add(member.Name, value);
    }
}

/// <summary>Reads what <see cref="TreeWriter"/> wrote.</summary>
internal sealed class TreeReader : ShapeReader
{
    private object _value = new();

    public static T Read<T>(Dictionary<string, object> tree, T into) where T : Shape
    {
        var reader = new TreeReader();
        foreach (var (name, value) in tree)
        {
            reader._value = value;
            into.ReadMember(into.Schema.Find(name)!, reader);
        }
        return into;
    }

    public override bool ReadBoolean(Member member) => (bool)_value;
    public override int ReadInteger(Member member) => (int)_value;
    public override long ReadLong(Member member) => (long)_value;
    public override float ReadFloat(Member member) => (float)_value;
    public override double ReadDouble(Member member) => (double)_value;
    public override string ReadString(Member member) => (string)_value;
    public override ReadOnlyMemory<byte> ReadBlob(Member member) => Convert.FromHexString((string)_value);
    public override DateTimeOffset ReadTimestamp(Member member) => (DateTimeOffset)_value;
    public override JsonElement ReadDocument(Member member) => JsonElement.Parse((string)_value);
    public override T ReadStructure<T>(Member member) => Read((Dictionary<string, object>)_value, new T());

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item) =>
        [.. ((List<object>)_value).Select(v => item(new TreeReader { _value = v }, member.Item!))];

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item) =>
        ((Dictionary<string, object>)_value).ToDictionary(p => p.Key, p => item(new TreeReader { _value = p.Value }, member.Value!));
}

/// <summary>
/// Answers every read with a value that no other read gave, so that a shape filled by it has every member set and two members
/// that were exchanged are noticed. Below a few levels structures stay empty, since a shape may contain itself.
/// </summary>
internal sealed class SampleReader : ShapeReader
{
    private const int DeepestLevel = 6;
    private int _next;
    private int _level;

    public T Fill<T>(T shape) where T : Shape
    {
        if (_level == DeepestLevel)
            return shape;
        _level++;
        foreach (var member in shape.Schema.Members)
            shape.ReadMember(member, this);
        _level--;
        return shape;
    }

    public override bool ReadBoolean(Member member) => ++_next % 2 == 0;
    public override int ReadInteger(Member member) => ++_next;
    public override long ReadLong(Member member) => int.MaxValue + (long)++_next;
    public override float ReadFloat(Member member) => ++_next + 0.5f;
    public override double ReadDouble(Member member) => ++_next + 0.25;
    public override string ReadString(Member member) => $"{member.Name}-{++_next}";
    public override ReadOnlyMemory<byte> ReadBlob(Member member) => BitConverter.GetBytes(++_next);
    public override DateTimeOffset ReadTimestamp(Member member) => DateTimeOffset.UnixEpoch.AddSeconds(++_next);
    public override JsonElement ReadDocument(Member member) => JsonElement.Parse($"[{++_next}]");
    public override T ReadStructure<T>(Member member) => Fill(new T());
    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item) => [item(this, member.Item!), item(this, member.Item!)];
    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item) => new() { [$"key-{++_next}"] = item(this, member.Value!) };
}
