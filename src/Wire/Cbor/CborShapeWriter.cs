using System.Buffers.Binary;
using System.Formats.Cbor;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Cbor;

/// <summary>Writes shapes as CBOR. Structures are maps of indefinite length: how many members are set shows only while they come.</summary>
internal sealed class CborShapeWriter : ShapeWriter
{
    private readonly CborWriter _cbor = new(CborConformanceMode.Lax);
    private bool _named;

    public CborWriter Cbor => _cbor;

    public void WriteRoot(Shape shape)
    {
        _cbor.WriteStartMap(null);
        WriteMembersOf(shape);
        _cbor.WriteEndMap();
    }

    public void WriteMembersOf(Shape shape)
    {
        var outer = _named;
        _named = true;
        shape.WriteMembers(this);
        _named = outer;
    }

    public void CopyTo(PooledBuffer buffer)
    {
        var length = _cbor.BytesWritten;
        _cbor.Encode(buffer.GetSpan(length));
        buffer.Advance(length);
    }

    public override void WriteBoolean(Member member, bool value)
    {
        Name(member);
        _cbor.WriteBoolean(value);
    }

    public override void WriteInteger(Member member, int value)
    {
        Name(member);
        _cbor.WriteInt32(value);
    }

    public override void WriteLong(Member member, long value)
    {
        Name(member);
        _cbor.WriteInt64(value);
    }

    public override void WriteFloat(Member member, float value)
    {
        Name(member);
        Span<byte> encoded = stackalloc byte[5];
        encoded[0] = 0xFA;
        BinaryPrimitives.WriteSingleBigEndian(encoded[1..], value);
        _cbor.WriteEncodedValue(encoded);
    }

    public override void WriteDouble(Member member, double value)
    {
        Name(member);
        WriteFull(value);
    }

    public override void WriteString(Member member, string value)
    {
        Name(member);
        _cbor.WriteTextString(value);
    }

    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value)
    {
        Name(member);
        _cbor.WriteByteString(value.Span);
    }

    public override void WriteTimestamp(Member member, DateTimeOffset value)
    {
        Name(member);
        _cbor.WriteTag(CborTag.UnixTimeSeconds);
        var milliseconds = value.ToUnixTimeMilliseconds();
        if (milliseconds % 1000 == 0)
        {
            _cbor.WriteInt64(milliseconds / 1000);
        }
        else
        {
            WriteFull(milliseconds / 1000.0);
        }
    }

    public override void WriteDocument(Member member, JsonElement value) => throw new NotSupportedException("CBOR has no documents.");

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
        _cbor.WriteStartArray(values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            item(this, member.Item!, values[i]);
        }
        _cbor.WriteEndArray();
        _named = outer;
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        Name(member);
        var outer = _named;
        _named = false;
        _cbor.WriteStartMap(values.Count);
        foreach (var (key, value) in values)
        {
            _cbor.WriteTextString(key);
            item(this, member.Value!, value);
        }
        _cbor.WriteEndMap();
        _named = outer;
    }

    /// <summary>The writer would shorten to a half where nothing is lost; not every client's reader knows halves.</summary>
    private void WriteFull(double value)
    {
        Span<byte> encoded = stackalloc byte[9];
        encoded[0] = 0xFB;
        BinaryPrimitives.WriteDoubleBigEndian(encoded[1..], value);
        _cbor.WriteEncodedValue(encoded);
    }

    private void Name(Member member)
    {
        if (_named)
        {
            _cbor.WriteTextString(member.Name);
        }
    }
}
