using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Api.Shapes;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// Keeps a generated shape inside a document, spelled with the model's member names. Task definitions and service settings are kept
/// whole this way: a member that a later model adds is stored and returned without a line of ours. Names of the AWS model only grow,
/// which is what a persisted format needs.
/// </summary>
internal sealed class ShapeJson<T> : JsonConverter<T> where T : Shape, new()
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return StoredShapeReader.Read<T>(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        value.WriteMembers(new StoredShapeWriter(writer));
        writer.WriteEndObject();
    }
}

/// <summary>The same for a list of shapes.</summary>
internal sealed class ShapeListJson<T> : JsonConverter<IReadOnlyList<T>> where T : Shape, new()
{
    public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return [.. document.RootElement.EnumerateArray().Select(StoredShapeReader.Read<T>)];
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value)
        {
            writer.WriteStartObject();
            item.WriteMembers(new StoredShapeWriter(writer));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}

/// <summary>Shapes in the stored spelling, outside of documents.</summary>
internal static class StoredShapes
{
    public static byte[] Bytes(Shape shape)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            shape.WriteMembers(new StoredShapeWriter(json));
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>A copy to change. It has every member that the model knows, so none is forgotten when a later model adds one.</summary>
    public static T Copy<T>(T shape) where T : Shape, new()
    {
        using var document = JsonDocument.Parse(Bytes(shape));
        return StoredShapeReader.Read<T>(document.RootElement);
    }
}

internal sealed class StoredShapeWriter(Utf8JsonWriter json) : ShapeWriter
{
    // Items of lists and values of maps have no property name of their own: their container has written it, or needs none.
    private bool _bare;

    private void Name(Member member)
    {
        if (_bare)
        {
            _bare = false;
            return;
        }
        json.WritePropertyName(member.Name);
    }

    public override void WriteBoolean(Member member, bool value)
    {
        Name(member);
        json.WriteBooleanValue(value);
    }

    public override void WriteInteger(Member member, int value)
    {
        Name(member);
        json.WriteNumberValue(value);
    }

    public override void WriteLong(Member member, long value)
    {
        Name(member);
        json.WriteNumberValue(value);
    }

    public override void WriteFloat(Member member, float value)
    {
        Name(member);
        json.WriteNumberValue(value);
    }

    public override void WriteDouble(Member member, double value)
    {
        Name(member);
        json.WriteNumberValue(value);
    }

    public override void WriteString(Member member, string value)
    {
        Name(member);
        json.WriteStringValue(value);
    }

    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value)
    {
        Name(member);
        json.WriteBase64StringValue(value.Span);
    }

    public override void WriteTimestamp(Member member, DateTimeOffset value)
    {
        Name(member);
        json.WriteStringValue(value.ToString("O", CultureInfo.InvariantCulture));
    }

    public override void WriteDocument(Member member, JsonElement value)
    {
        Name(member);
        value.WriteTo(json);
    }

    public override void WriteStructure(Member member, Shape value)
    {
        Name(member);
        json.WriteStartObject();
        value.WriteMembers(this);
        json.WriteEndObject();
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        Name(member);
        json.WriteStartArray();
        foreach (var value in values)
        {
            if (value is null)
            {
                json.WriteNullValue();
                continue;
            }
            _bare = true;
            item(this, member.Item!, value);
        }
        json.WriteEndArray();
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        Name(member);
        json.WriteStartObject();
        foreach (var (key, value) in values)
        {
            json.WritePropertyName(key);
            if (value is null)
            {
                json.WriteNullValue();
                continue;
            }
            _bare = true;
            item(this, member.Value!, value);
        }
        json.WriteEndObject();
    }
}

internal sealed class StoredShapeReader : ShapeReader
{
    private JsonElement _at;

    public static T Read<T>(JsonElement element) where T : Shape, new() => new StoredShapeReader().ReadInto(element, new T());

    private T ReadInto<T>(JsonElement element, T shape) where T : Shape
    {
        foreach (var property in element.EnumerateObject())
        {
            // A member that a newer release wrote and this one does not know is passed over.
            if (property.Value.ValueKind != JsonValueKind.Null && shape.Schema.Find(property.Name) is { } member)
            {
                _at = property.Value;
                shape.ReadMember(member, this);
            }
        }
        return shape;
    }

    public override bool ReadBoolean(Member member) => _at.GetBoolean();
    public override int ReadInteger(Member member) => _at.GetInt32();
    public override long ReadLong(Member member) => _at.GetInt64();
    public override float ReadFloat(Member member) => _at.GetSingle();
    public override double ReadDouble(Member member) => _at.GetDouble();
    public override string ReadString(Member member) => _at.GetString()!;
    public override ReadOnlyMemory<byte> ReadBlob(Member member) => _at.GetBytesFromBase64();
    public override DateTimeOffset ReadTimestamp(Member member) => _at.GetDateTimeOffset();
    public override JsonElement ReadDocument(Member member) => _at.Clone();
    public override T ReadStructure<T>(Member member) => ReadInto(_at, new T());

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var list = _at;
        var result = new List<T>(list.GetArrayLength());
        foreach (var element in list.EnumerateArray())
        {
            _at = element;
            result.Add(item(this, member.Item!));
        }
        return result;
    }

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var map = _at;
        var result = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var property in map.EnumerateObject())
        {
            _at = property.Value;
            result[property.Name] = item(this, member.Value!);
        }
        return result;
    }
}
