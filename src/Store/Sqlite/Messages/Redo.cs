using System.Buffers.Binary;
using System.Text;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>Kinds of redo records. The numbers are on disk: they only grow.</summary>
internal enum RedoKind : byte
{
    Open = 1,
    Drop = 2,
    Reset = 3,
    Send = 4,
    Deliver = 5,
    Visibility = 6,
    Delete = 7,
    Move = 8,
    Purge = 9,
    /// <summary><see cref="Deliver"/> with the moment of the delivery. The older kind is read and no longer written.</summary>
    DeliverAt = 10,
}

/// <summary>
/// The changes of one group of calls, in the order in which they were made. Each record states results, not intentions (the visible-from time,
/// the new delivery count), so that replaying one over a state that already has it changes nothing.
/// </summary>
internal sealed class RedoBuffer
{
    private byte[] _bytes = new byte[64 * 1024];

    public int Length { get; private set; }
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > 16 * 1024 * 1024)
        {
            _bytes = new byte[64 * 1024];
        }
    }

    /// <summary>Room for the journal's frame header, before the first record.</summary>
    public void Skip(int count)
    {
        Reserve(count);
        Length += count;
    }

    public Span<byte> Header(int count) => _bytes.AsSpan(0, count);

    public void Open(long queue, bool fifo)
    {
        Start(RedoKind.Open, queue);
        Byte(fifo ? (byte)1 : (byte)0);
    }

    public void Drop(long queue) => Start(RedoKind.Drop, queue);

    public void Reset(long upTo) => Start(RedoKind.Reset, upTo);

    public void Purge(long queue, long upTo)
    {
        Start(RedoKind.Purge, queue);
        Long(upTo);
    }

    public void Send(Entry entry, UInt128 deduplication, long deduplicationExpires)
    {
        Start(RedoKind.Send, entry.Queue);
        Long(entry.Sequence);
        Identity(entry.Id);
        Long(entry.SentAt);
        Long(entry.VisibleAt);
        Wide(deduplication);
        Long(deduplicationExpires);
        Text(entry.GroupId);
        Integer(entry.Payload.Length);
        Reserve(entry.Payload.Length);
        entry.Payload.CopyTo(_bytes.AsSpan(Length));
        Length += entry.Payload.Length;
    }

    public void Deliver(Entry entry)
    {
        Start(RedoKind.DeliverAt, entry.Queue);
        Long(entry.Sequence);
        Long(entry.VisibleAt);
        Long(entry.FirstReceivedAt);
        Long(entry.DeliveredAt);
        Integer(entry.ReceiveCount);
    }

    public void Visibility(Entry entry)
    {
        Start(RedoKind.Visibility, entry.Queue);
        Long(entry.Sequence);
        Long(entry.VisibleAt);
    }

    public void Delete(Entry entry)
    {
        Start(RedoKind.Delete, entry.Queue);
        Long(entry.Sequence);
    }

    public void Move(Entry from, Entry to)
    {
        Start(RedoKind.Move, from.Queue);
        Long(from.Sequence);
        Long(to.Queue);
        Long(to.Sequence);
        Identity(to.Id);
        Long(to.SentAt);
        Text(to.Source);
    }

    private void Start(RedoKind kind, long queue)
    {
        Byte((byte)kind);
        Long(queue);
    }

    private void Byte(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    private void Integer(int value)
    {
        Reserve(4);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(Length), value);
        Length += 4;
    }

    private void Long(long value)
    {
        Reserve(8);
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(Length), value);
        Length += 8;
    }

    private void Wide(UInt128 value)
    {
        Reserve(16);
        BinaryPrimitives.WriteUInt128LittleEndian(_bytes.AsSpan(Length), value);
        Length += 16;
    }

    private void Identity(Guid value)
    {
        Reserve(16);
        value.TryWriteBytes(_bytes.AsSpan(Length));
        Length += 16;
    }

    private void Text(string? value)
    {
        if (value is null)
        {
            Integer(-1);
            return;
        }
        var count = Encoding.UTF8.GetByteCount(value);
        Integer(count);
        Reserve(count);
        Encoding.UTF8.GetBytes(value, _bytes.AsSpan(Length));
        Length += count;
    }

    private void Reserve(int count)
    {
        if (Length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }
    }
}

/// <summary>Reads what <see cref="RedoBuffer"/> wrote. The frame's checksum has been verified, so a misfit here is a bug.</summary>
internal ref struct RedoReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public RedoKind Kind() => (RedoKind)Take(1)[0];
    public bool Flag() => Take(1)[0] != 0;
    public int Integer() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));
    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));
    public UInt128 Wide() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));
    public Guid Identity() => new(Take(16));
    public byte[] Payload() => Take(Integer()).ToArray();

    public string? Text()
    {
        var count = Integer();
        return count < 0 ? null : Encoding.UTF8.GetString(Take(count));
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
