using System.Text.Json;

namespace Longspan.Api.Shapes;

/// <summary>
/// A generated AWS structure. It knows how to hand its members to a <see cref="ShapeWriter"/> and to take one from a
/// <see cref="ShapeReader"/>; the protocol lives entirely in the writer and the reader, so nothing is reflected on.
/// Unset members are null and are not written.
/// </summary>
public abstract class Shape
{
    public abstract StructureSchema Schema { get; }
    public abstract void WriteMembers(ShapeWriter writer);
    /// <summary>Reads the value at the reader's position into the member with this schema entry.</summary>
    public abstract void ReadMember(Member member, ShapeReader reader);
    /// <summary>Whether the member has a value. Request checks use it for required members.</summary>
    public abstract bool IsSet(Member member);
}

/// <summary>What a protocol's encoder implements. Members arrive in model order, set members only.</summary>
public abstract class ShapeWriter
{
    public abstract void WriteBoolean(Member member, bool value);
    public abstract void WriteInteger(Member member, int value);
    public abstract void WriteLong(Member member, long value);
    public abstract void WriteFloat(Member member, float value);
    public abstract void WriteDouble(Member member, double value);
    public abstract void WriteString(Member member, string value);
    public abstract void WriteBlob(Member member, ReadOnlyMemory<byte> value);
    public abstract void WriteTimestamp(Member member, DateTimeOffset value);
    public abstract void WriteDocument(Member member, JsonElement value);
    public abstract void WriteStructure(Member member, Shape value);
    /// <summary>Calls <paramref name="item"/> for each value with <c>member.Item</c>.</summary>
    public abstract void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item);
    /// <summary>Calls <paramref name="item"/> for each value with <c>member.Value</c>; keys are strings.</summary>
    public abstract void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item);
}

/// <summary>
/// What a protocol's decoder implements. Wrong types and malformed text throw <see cref="MalformedRequestException"/>; depth,
/// length and item counts are bounded by the decoder. An explicit null counts as an absent member and is never passed on.
/// </summary>
public abstract class ShapeReader
{
    public abstract bool ReadBoolean(Member member);
    public abstract int ReadInteger(Member member);
    public abstract long ReadLong(Member member);
    public abstract float ReadFloat(Member member);
    public abstract double ReadDouble(Member member);
    public abstract string ReadString(Member member);
    public abstract ReadOnlyMemory<byte> ReadBlob(Member member);
    public abstract DateTimeOffset ReadTimestamp(Member member);
    public abstract JsonElement ReadDocument(Member member);
    public abstract T ReadStructure<T>(Member member) where T : Shape, new();
    public abstract List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item);
    public abstract Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item);
}

/// <summary>The request's bytes are not what its protocol or its model allows. The wire answers a 4xx and nothing else happens.</summary>
public sealed class MalformedRequestException(string message) : Exception(message);
