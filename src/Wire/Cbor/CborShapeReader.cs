using System.Formats.Cbor;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Cbor;

/// <summary>Reads shapes from CBOR. The strict reader refuses duplicate keys and malformed UTF-8 by itself.</summary>
internal sealed class CborShapeReader : ShapeReader
{
    private readonly CborReader _cbor;
    private int _depth;

    private CborShapeReader(ReadOnlyMemory<byte> bytes) => _cbor = new CborReader(bytes, CborConformanceMode.Strict);

    public static void ReadWhole(ReadOnlyMemory<byte> bytes, Shape into)
    {
        if (bytes.IsEmpty)
        {
            return;
        }
        try
        {
            var reader = new CborShapeReader(bytes);
            reader.ReadInto(into);
            if (reader._cbor.BytesRemaining > 0)
            {
                throw new MalformedRequestException("Unexpected bytes after the end");
            }
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException)
        {
            // What the reader throws for a value of another type, and for numbers beyond 64 bits.
            throw new MalformedRequestException("Unexpected field type");
        }
    }

    public override bool ReadBoolean(Member member) => _cbor.ReadBoolean();

    public override int ReadInteger(Member member)
    {
        var value = ReadLong(member);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new MalformedRequestException("Integer is out of range");
    }

    public override long ReadLong(Member member)
    {
        if (_cbor.PeekState() is CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger)
        {
            return _cbor.ReadInt64();
        }
        // Languages without integers send whole floats.
        var value = ReadNumber();
        return Math.Floor(value) == value && Math.Abs(value) <= 1L << 53 ? (long)value : throw new MalformedRequestException("Integer is out of range");
    }

    public override float ReadFloat(Member member) => (float)ReadNumber();

    public override double ReadDouble(Member member) => ReadNumber();

    public override string ReadString(Member member) => _cbor.ReadTextString();

    public override ReadOnlyMemory<byte> ReadBlob(Member member) => _cbor.ReadByteString();

    public override DateTimeOffset ReadTimestamp(Member member)
    {
        if (_cbor.PeekState() == CborReaderState.Tag && _cbor.ReadTag() != CborTag.UnixTimeSeconds)
        {
            throw new MalformedRequestException("Unexpected tag");
        }
        var seconds = ReadNumber();
        return Math.Abs(seconds) < 1e15 ? Text.FromEpoch((decimal)seconds) : throw new MalformedRequestException("Timestamp is out of range");
    }

    public override JsonElement ReadDocument(Member member) => throw new MalformedRequestException("CBOR has no documents");

    public override T ReadStructure<T>(Member member)
    {
        var value = new T();
        ReadInto(value);
        return value;
    }

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        Enter();
        _cbor.ReadStartArray();
        var values = new List<T>();
        while (_cbor.PeekState() != CborReaderState.EndArray)
        {
            if (!SkippedNull())
            {
                values.Add(item(this, member.Item!));
            }
        }
        _cbor.ReadEndArray();
        _depth--;
        return values;
    }

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        Enter();
        _cbor.ReadStartMap();
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        while (_cbor.PeekState() != CborReaderState.EndMap)
        {
            var key = _cbor.ReadTextString();
            if (!SkippedNull() && !values.TryAdd(key, item(this, member.Value!)))
            {
                throw new MalformedRequestException("Duplicate key");
            }
        }
        _cbor.ReadEndMap();
        _depth--;
        return values;
    }

    private void ReadInto(Shape into)
    {
        Enter();
        _cbor.ReadStartMap();
        var members = 0;
        while (_cbor.PeekState() != CborReaderState.EndMap)
        {
            var member = into.Schema.Find(_cbor.ReadTextString());
            if (SkippedNull())
            {
                continue;
            }
            if (member is null)
            {
                _cbor.SkipValue();
                continue;
            }
            if (into.IsSet(member))
            {
                throw new MalformedRequestException("Duplicate key");
            }
            into.ReadMember(member, this);
            members++;
        }
        _cbor.ReadEndMap();
        _depth--;
        if (into.Schema.IsUnion && members > 1)
        {
            throw new MalformedRequestException("Unexpected: more than one member of a union is set");
        }
    }

    private double ReadNumber() => _cbor.PeekState() switch
    {
        CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger => _cbor.ReadInt64(),
        CborReaderState.HalfPrecisionFloat => (double)_cbor.ReadHalf(),
        CborReaderState.SinglePrecisionFloat => _cbor.ReadSingle(),
        CborReaderState.DoublePrecisionFloat => _cbor.ReadDouble(),
        _ => throw new MalformedRequestException("Unexpected field type"),
    };

    private bool SkippedNull()
    {
        switch (_cbor.PeekState())
        {
            case CborReaderState.Null:
                _cbor.ReadNull();
                return true;
            case CborReaderState.SimpleValue:
                return _cbor.ReadSimpleValue() == CborSimpleValue.Undefined ? true : throw new MalformedRequestException("Unexpected field type");
            default:
                return false;
        }
    }

    private void Enter()
    {
        if (++_depth > WireLimits.MaxDepth)
        {
            throw new MalformedRequestException("The request is nested too deeply");
        }
    }
}
