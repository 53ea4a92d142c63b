using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Json;

/// <summary>
/// Reads shapes from JSON text. <c>Utf8JsonReader</c> lives on the stack and shapes call back into this class, so its state is kept
/// here between tokens; that costs a few nanoseconds each and saves building a document.
/// </summary>
internal sealed class JsonShapeReader : ShapeReader
{
    private readonly ReadOnlyMemory<byte> _text;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = WireLimits.MaxDepth });
    private int _consumed;
    private JsonTokenType _token;
    private int _start;
    private int _length;
    private bool _escaped;

    private JsonShapeReader(ReadOnlyMemory<byte> text) => _text = text;

    /// <summary>Reads one structure that is the whole text. Empty text counts as an empty structure.</summary>
    /// <param name="bodyOnly">Leaves members that an HTTP protocol binds elsewhere alone.</param>
    public static void ReadWhole(ReadOnlyMemory<byte> text, Shape into, bool bodyOnly = false)
    {
        if (text.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            return;
        }
        var reader = Begin(text);
        reader.Advance();
        reader.ReadInto(into, bodyOnly);
        reader.ExpectEnd();
    }

    /// <summary>Reads one member that is the whole text, as an HTTP payload is.</summary>
    public static void ReadPayload(ReadOnlyMemory<byte> text, Shape into, Member payload)
    {
        if (text.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            return;
        }
        var reader = Begin(text);
        reader.Advance();
        if (reader._token != JsonTokenType.Null)
        {
            into.ReadMember(payload, reader);
        }
        reader.ExpectEnd();
    }

    private static JsonShapeReader Begin(ReadOnlyMemory<byte> text) =>
        System.Text.Unicode.Utf8.IsValid(text.Span)
            ? new JsonShapeReader(text)
            : throw new MalformedRequestException("Invalid UTF-8");

    public override bool ReadBoolean(Member member) => _token switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw WrongType("Boolean"),
    };

    public override int ReadInteger(Member member)
    {
        var value = ReadWholeNumber("Integer");
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new MalformedRequestException("Integer is out of range");
    }

    public override long ReadLong(Member member) => ReadWholeNumber("Long");

    public override float ReadFloat(Member member)
    {
        var value = (float)ReadDouble(member);
        return float.IsFinite(value) || _token == JsonTokenType.String ? value : throw new MalformedRequestException("Number is out of range");
    }

    public override double ReadDouble(Member member)
    {
        if (_token == JsonTokenType.String)
        {
            return ReadString(member) switch
            {
                "NaN" => double.NaN,
                "Infinity" => double.PositiveInfinity,
                "-Infinity" => double.NegativeInfinity,
                _ => throw WrongType("Double"),
            };
        }
        Expect(JsonTokenType.Number, "Double");
        return Utf8Parser.TryParse(Value, out double value, out var used) && used == _length && double.IsFinite(value)
            ? value
            : throw new MalformedRequestException("Number is out of range");
    }

    public override string ReadString(Member member)
    {
        Expect(JsonTokenType.String, "String");
        return _escaped ? Unescape() : Text.Utf8.GetString(Value);
    }

    public override ReadOnlyMemory<byte> ReadBlob(Member member)
    {
        Expect(JsonTokenType.String, "Blob");
        return Text.ParseBase64(ReadString(member));
    }

    public override DateTimeOffset ReadTimestamp(Member member)
    {
        if (_token == JsonTokenType.String)
        {
            return Text.ParseTimestamp(ReadString(member));
        }
        Expect(JsonTokenType.Number, "Timestamp");
        return decimal.TryParse(Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? Text.FromEpoch(seconds)
            : throw new MalformedRequestException("Timestamp is out of range");
    }

    public override JsonElement ReadDocument(Member member)
    {
        var start = _start;
        SkipValue();
        using var document = JsonDocument.Parse(_text[start.._consumed], new JsonDocumentOptions { MaxDepth = WireLimits.MaxDepth });
        return document.RootElement.Clone();
    }

    public override T ReadStructure<T>(Member member)
    {
        var value = new T();
        ReadInto(value, bodyOnly: false);
        return value;
    }

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        Expect(JsonTokenType.StartArray, "List");
        var values = new List<T>();
        for (Advance(); _token != JsonTokenType.EndArray; Advance())
        {
            if (_token != JsonTokenType.Null)
            {
                values.Add(item(this, member.Item!));
            }
        }
        return values;
    }

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        Expect(JsonTokenType.StartObject, "Map");
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        for (Advance(); _token != JsonTokenType.EndObject; Advance())
        {
            var key = _escaped ? Unescape() : Text.Utf8.GetString(Value);
            Advance();
            if (_token != JsonTokenType.Null && !values.TryAdd(key, item(this, member.Value!)))
            {
                throw new MalformedRequestException("Duplicate key");
            }
        }
        return values;
    }

    private void ReadInto(Shape into, bool bodyOnly)
    {
        Expect(JsonTokenType.StartObject, "Structure");
        Span<char> name = stackalloc char[128];
        var members = 0;
        for (Advance(); _token != JsonTokenType.EndObject; Advance())
        {
            var member = FindMember(into.Schema, name);
            Advance();
            if (_token == JsonTokenType.Null)
            {
                continue;
            }
            if (member is null || (bodyOnly && member.Location != HttpLocation.Body))
            {
                SkipValue();
                continue;
            }
            if (into.IsSet(member))
            {
                throw new MalformedRequestException("Duplicate key");
            }
            into.ReadMember(member, this);
            members++;
        }
        if (into.Schema.IsUnion && members > 1)
        {
            throw new MalformedRequestException("Unexpected: more than one member of a union is set");
        }
    }

    private Member? FindMember(StructureSchema schema, Span<char> scratch)
    {
        if (_escaped)
        {
            return schema.FindJson(Unescape());
        }
        // A name that does not fit is longer than any in the models.
        if (_length > scratch.Length)
        {
            return null;
        }
        var length = Text.Utf8.GetChars(Value, scratch);
        return schema.JsonNames.TryGetValue(scratch[..length], out var member) ? member : null;
    }

    private long ReadWholeNumber(string type)
    {
        Expect(JsonTokenType.Number, type);
        if (Utf8Parser.TryParse(Value, out long value, out var used) && used == _length)
        {
            return value;
        }
        // 1.0 and 1e3 are whole numbers in another spelling; some serializers know no integers.
        return decimal.TryParse(Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && decimal.Truncate(number) == number && number is >= long.MinValue and <= long.MaxValue
            ? (long)number
            : throw new MalformedRequestException($"{type} is out of range");
    }

    private ReadOnlySpan<byte> Value =>
        _text.Span.Slice(_token is JsonTokenType.String or JsonTokenType.PropertyName ? _start + 1 : _start, _length);

    private string Unescape()
    {
        var reader = new Utf8JsonReader(_text.Span.Slice(_start, _length + 2));
        try
        {
            reader.Read();
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            throw new MalformedRequestException("Invalid escape");
        }
    }

    private void SkipValue()
    {
        var depth = 0;
        while (true)
        {
            if (_token is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                depth++;
            }
            else if (_token is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                depth--;
            }
            if (depth == 0)
            {
                return;
            }
            Advance();
        }
    }

    private void Advance()
    {
        var reader = new Utf8JsonReader(_text.Span[_consumed..], isFinalBlock: true, _state);
        if (!reader.Read())
        {
            throw new MalformedRequestException("Unexpected end of input");
        }
        _token = reader.TokenType;
        _start = _consumed + (int)reader.TokenStartIndex;
        _length = reader.ValueSpan.Length;
        _escaped = reader.ValueIsEscaped;
        _state = reader.CurrentState;
        _consumed += (int)reader.BytesConsumed;
    }

    private void ExpectEnd()
    {
        var reader = new Utf8JsonReader(_text.Span[_consumed..], isFinalBlock: true, _state);
        if (reader.Read())
        {
            throw new MalformedRequestException("Unexpected text after the end");
        }
    }

    private void Expect(JsonTokenType token, string type)
    {
        if (_token != token)
        {
            throw WrongType(type);
        }
    }

    private MalformedRequestException WrongType(string type) => new(_token switch
    {
        JsonTokenType.StartObject => "Start of structure or map found where not expected.",
        JsonTokenType.StartArray => "Start of list found where not expected",
        JsonTokenType.String => $"STRING_VALUE cannot be converted to {type}",
        JsonTokenType.Number => $"NUMBER_VALUE cannot be converted to {type}",
        JsonTokenType.True => $"TRUE_VALUE cannot be converted to {type}",
        JsonTokenType.False => $"FALSE_VALUE cannot be converted to {type}",
        _ => "Unexpected field type",
    });
}
