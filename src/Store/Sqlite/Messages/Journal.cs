using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Longspan.Store.Files;
using Longspan.Store.Messages;
using Microsoft.Win32.SafeHandles;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// The write-ahead journal: segments of frames. One frame is one group commit: it is there as a whole or not at all. A frame that does not
/// check and has no later frame behind it is the torn write of a crash and was never acknowledged. One with later frames behind it is damage,
/// and so is a number that is missing: what can be read is read, and the rest is said to be lost.
///
/// A segment that is no longer needed is kept and written over as the next one: a write inside a file's length needs no new blocks, so
/// syncing it is twice as fast. What is left in it from before are frames with older numbers, which a replay passes over.
/// </summary>
internal sealed class Journal : IDisposable
{
    public const int HeaderLength = 24;
    private const uint Magic = 0x314A534C;
    private const int MaximumFrame = 256 * 1024 * 1024;
    private const int ProbeBytes = 1024 * 1024;

    private static ReadOnlySpan<byte> MagicBytes => "LSJ1"u8;

    private readonly string _folder;
    private readonly Action? _beforeWrite;
    private SafeFileHandle? _handle;
    private string _current = "";
    private long _position;

    public Journal(string folder, Action? beforeWrite = null)
    {
        _beforeWrite = beforeWrite;
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    private string Spare => Path.Combine(_folder, "spare.log");

    /// <summary>The newest frame on disk.</summary>
    public long LastFrame { get; private set; }

    /// <summary>Bytes written since <see cref="Rotate"/>.</summary>
    public long SegmentBytes => _position;

    /// <summary>
    /// Appends the buffer's records as one frame and makes it durable. The buffer starts with <see cref="HeaderLength"/> free bytes. When it
    /// throws, the frame is not there.
    /// </summary>
    public void Append(RedoBuffer buffer)
    {
        var header = buffer.Header(HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], buffer.Length - HeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], LastFrame + 1);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Checksum(buffer.Written.Span));
        try
        {
            _beforeWrite?.Invoke();
            RandomAccess.Write(_handle!, buffer.Written.Span, _position);
            FileSync.Contents(_handle!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new MessageStoreUnavailableException("The message journal cannot be written.", e);
        }
        _position += buffer.Length;
        LastFrame++;
    }

    /// <summary>Cuts off what a failed append may have left behind.</summary>
    public void Repair()
    {
        RandomAccess.SetLength(_handle!, _position);
        RandomAccess.FlushToDisk(_handle!);
    }

    /// <summary>Starts a new segment, so that everything before it can be forgotten once a checkpoint has it.</summary>
    public void Rotate()
    {
        if (_handle is not null)
        {
            Repair();
        }
        var path = Path.Combine(_folder, $"journal-{LastFrame + 1:D19}.log");
        if (path != _current && File.Exists(Spare))
        {
            File.Move(Spare, path, overwrite: true);
        }
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, FileOptions.None);
        FileSync.Directory(_folder);
        _handle?.Dispose();
        _handle = handle;
        _current = path;
        _position = 0;
    }

    /// <summary>Lets go of segments whose frames are all at or before the given one; the last of them becomes the spare.</summary>
    public void Forget(long frame)
    {
        var segments = Segments();
        for (var i = 0; i + 1 < segments.Count; i++)
        {
            if (segments[i + 1].First <= frame + 1 && segments[i].Path != _current)
            {
                File.Move(segments[i].Path, Spare, overwrite: true);
            }
        }
    }

    /// <summary>Reads every frame after the given one, in order, and changes nothing on disk. <see cref="Rotate"/> comes before the next append.</summary>
    public void Replay(long after, FrameReader apply, Damage damage)
    {
        LastFrame = after;
        foreach (var (first, path) in Segments())
        {
            Miss(first, path, 0, damage);
            ReadSegment(path, apply, damage);
        }
    }

    /// <summary>Sees whether the disk takes writes again, and has room for a few.</summary>
    public void Probe()
    {
        RandomAccess.Write(_handle!, new byte[ProbeBytes], 0);
        FileSync.Contents(_handle!);
    }

    /// <summary>The first frame of what is left of the journal.</summary>
    public long FirstFrame => Segments() is [var (first, _), ..] ? first : 1;

    public void Dispose() => _handle?.Dispose();

    private void ReadSegment(string path, FrameReader apply, Damage damage)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20);
        // Behind the position of an open segment there may be what a failed append has left.
        var end = path == _current ? _position : file.Length;
        var frame = new byte[HeaderLength];
        while (file.Position + HeaderLength <= end)
        {
            var start = file.Position;
            if (TryRead(file, end, ref frame) is { } length)
            {
                var number = BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(8));
                if (number > LastFrame)
                {
                    Miss(number, path, start, damage);
                    apply(frame.AsSpan(HeaderLength, length));
                    LastFrame = number;
                }
                continue;
            }
            if (FindFrame(file, start + 1, end) is not { } next)
            {
                return;
            }
            file.Position = next;
        }
    }

    /// <summary>The frame at the file's position and the length of its records; null when there is no whole frame.</summary>
    private static int? TryRead(FileStream file, long end, ref byte[] frame)
    {
        var start = file.Position;
        file.ReadExactly(frame, 0, HeaderLength);
        var length = BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(4));
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic || length is < 0 or > MaximumFrame || start + HeaderLength + length > end)
        {
            return null;
        }
        if (frame.Length < HeaderLength + length)
        {
            Array.Resize(ref frame, HeaderLength + length);
        }
        file.ReadExactly(frame, HeaderLength, length);
        var stated = BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(16));
        frame.AsSpan(16, 4).Clear();
        return stated == Checksum(frame.AsSpan(0, HeaderLength + length)) ? length : null;
    }

    /// <summary>Where the next frame begins that has not been read yet. What a reused segment still holds from before is older.</summary>
    private long? FindFrame(FileStream file, long from, long end)
    {
        // A segment is a few dozen megabytes, and this happens once in a start.
        var rest = new byte[Math.Max(0, end - from)];
        file.Position = from;
        file.ReadExactly(rest);
        for (var at = 0; rest.AsSpan(at).IndexOf(MagicBytes) is >= 0 and var skip; at++)
        {
            at += skip;
            if (rest.Length - at < HeaderLength)
            {
                return null;
            }
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest.AsSpan(at + 4));
            if (length is < 0 or > MaximumFrame || length > rest.Length - at - HeaderLength)
            {
                continue;
            }
            var frame = rest.AsSpan(at, HeaderLength + length);
            var stated = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]);
            frame.Slice(16, 4).Clear();
            if (stated != Checksum(frame))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], stated);
                continue;
            }
            if (BinaryPrimitives.ReadInt64LittleEndian(frame[8..]) > LastFrame)
            {
                return from + at;
            }
            at += frame.Length - 1;
        }
        return null;
    }

    /// <summary>Notes frames that should have come before this one.</summary>
    private void Miss(long number, string path, long at, Damage damage)
    {
        if (number <= LastFrame + 1)
        {
            return;
        }
        damage.Say(
            $"The journal is broken before byte {at} of {Path.GetFileName(path)}: {number - LastFrame - 1} group commits are lost. Messages that were sent in "
            + "them are missing, and deletes and visibility changes in them are undone.");
        foreach (var (_, segment) in Segments())
        {
            damage.Copy(segment);
        }
        LastFrame = number - 1;
    }

    private List<(long First, string Path)> Segments() =>
        [.. Directory.EnumerateFiles(_folder, "journal-*.log")
            .Select(p => (First: long.Parse(Path.GetFileNameWithoutExtension(p).AsSpan("journal-".Length), CultureInfo.InvariantCulture), p))
            .OrderBy(s => s.First)];

    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }
        foreach (var b in bytes[(words.Length * 8)..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }
        return ~crc;
    }
}

/// <summary>Takes the records of one frame.</summary>
internal delegate void FrameReader(ReadOnlySpan<byte> records);
