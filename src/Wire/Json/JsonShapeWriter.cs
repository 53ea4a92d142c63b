using System.Text.Encodings.Web;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Json;

/// <summary>Writes shapes as JSON text.</summary>
internal sealed class JsonShapeWriter : ShapeWriter, IDisposable
{
    // Only what JSON itself demands is escaped, as AWS does. The answers are never embedded in HTML.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = 2 * WireLimits.MaxDepth,
    };

    private readonly Utf8JsonWriter _json;
    private readonly TimestampFormat _timestamps;
    /// <summary>Whether the next value is a structure's member, which carries its name; list items and map values do not.</summary>
    private bool _named;

    public JsonShapeWriter(PooledBuffer buffer, TimestampFormat timestamps = TimestampFormat.EpochSeconds)
    {
        _json = new Utf8JsonWriter(buffer, Options);
        _timestamps = timestamps;
    }

    public Utf8JsonWriter Json => _json;

    public static void WriteWhole(PooledBuffer buffer, Shape shape)
    {
        using var writer = new JsonShapeWriter(buffer);
        writer.WriteRoot(shape);
    }

    public void WriteRoot(Shape shape)
    {
        _json.WriteStartObject();
        WriteMembersOf(shape);
        _json.WriteEndObject();
    }

    /// <summary>Opens an object whose members come from outside, one by one.</summary>
    public void BeginObject()
    {
        _json.WriteStartObject();
        _named = true;
    }

    public void EndObject()
    {
        _json.WriteEndObject();
        _named = false;
    }

    /// <summary>Members without the braces: an error adds its own to those of every error.</summary>
    public void WriteMembersOf(Shape shape)
    {
        var outer = _named;
        _named = true;
        shape.WriteMembers(this);
        _named = outer;
    }

    public override void WriteBoolean(Member member, bool value)
    {
        Name(member);
        _json.WriteBooleanValue(value);
    }

    public override void WriteInteger(Member member, int value)
    {
        Name(member);
        _json.WriteNumberValue(value);
    }

    public override void WriteLong(Member member, long value)
    {
        Name(member);
        _json.WriteNumberValue(value);
    }

    public override void WriteFloat(Member member, float value)
    {
        Name(member);
        if (float.IsFinite(value))
        {
            _json.WriteNumberValue(value);
        }
        else
        {
            _json.WriteStringValue(Text.Number(value));
        }
    }

    public override void WriteDouble(Member member, double value)
    {
        Name(member);
        if (double.IsFinite(value))
        {
            _json.WriteNumberValue(value);
        }
        else
        {
            _json.WriteStringValue(Text.Number(value));
        }
    }

    public override void WriteString(Member member, string value)
    {
        Name(member);
        _json.WriteStringValue(value);
    }

    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value)
    {
        Name(member);
        _json.WriteBase64StringValue(value.Span);
    }

    public override void WriteTimestamp(Member member, DateTimeOffset value)
    {
        Name(member);
        var format = member.TimestampFormat == TimestampFormat.ProtocolDefault ? _timestamps : member.TimestampFormat;
        if (format == TimestampFormat.EpochSeconds)
        {
            _json.WriteNumberValue(Text.EpochSeconds(value));
        }
        else
        {
            _json.WriteStringValue(Text.Timestamp(value, format));
        }
    }

    public override void WriteDocument(Member member, JsonElement value)
    {
        Name(member);
        value.WriteTo(_json);
    }

    public override void WriteStructure(Member member, Shape value)
    {
        Name(member);
        WriteRoot(value);
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        Name(member);
        var outer = _named;
        _named = false;
        _json.WriteStartArray();
        for (var i = 0; i < values.Count; i++)
        {
            item(this, member.Item!, values[i]);
        }
        _json.WriteEndArray();
        _named = outer;
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        Name(member);
        var outer = _named;
        _named = false;
        _json.WriteStartObject();
        foreach (var (key, value) in values)
        {
            _json.WritePropertyName(key);
            item(this, member.Value!, value);
        }
        _json.WriteEndObject();
        _named = outer;
    }

    public void Dispose() => _json.Dispose();

    private void Name(Member member)
    {
        if (_named)
        {
            _json.WritePropertyName(member.JsonWireName);
        }
    }
}
