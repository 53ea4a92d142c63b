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
/// check at the end of the newest segment is the torn write of a crash and was never acknowledged; anywhere else it is damage, and
/// the store refuses to open rather than to lose what follows.
///
/// A segment that is no longer needed is kept and written over as the next one: a write inside a file's length needs no new blocks, so
/// syncing it is twice as fast. What is left in it from before are frames with older numbers, which a replay passes over.
/// </summary>
internal sealed class Journal : IDisposable
{
    public const int HeaderLength = 24;
    private const uint Magic = 0x314A534C;
    private const int MaximumFrame = 256 * 1024 * 1024;

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
            // Only the newest segment may have anything behind its last frame.
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

    /// <summary>Reads every frame after the given one, in order, then stands ready to append in a segment of its own.</summary>
    public void Replay(long after, FrameReader apply)
    {
        LastFrame = after;
        var segments = Segments();
        for (var i = 0; i < segments.Count; i++)
        {
            ReadSegment(segments[i].Path, isNewest: i == segments.Count - 1, apply);
        }
        Rotate();
    }

    public void Dispose() => _handle?.Dispose();

    private void ReadSegment(string path, bool isNewest, FrameReader apply)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20);
        var header = new byte[HeaderLength];
        var frame = Array.Empty<byte>();
        while (true)
        {
            var start = file.Position;
            var got = file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false);
            if (got == 0)
            {
                return;
            }
            var length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
            var whole = got == HeaderLength && BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
                && length is >= 0 and <= MaximumFrame && start + HeaderLength + length <= file.Length;
            if (whole)
            {
                if (frame.Length < HeaderLength + length)
                {
                    frame = new byte[HeaderLength + length];
                }
                header.CopyTo(frame, 0);
                file.ReadExactly(frame, HeaderLength, length);
                var stated = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(16));
                frame.AsSpan(16, 4).Clear();
                whole = stated == Checksum(frame.AsSpan(0, HeaderLength + length));
            }
            if (!whole)
            {
                if (isNewest)
                {
                    // Cut, or the next start would find it in the middle of the journal and take it for damage.
                    file.Dispose();
                    using var torn = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
                    RandomAccess.SetLength(torn, start);
                    RandomAccess.FlushToDisk(torn);
                    return;
                }
                throw new InvalidDataException($"The message journal is damaged: {Path.GetFileName(path)} at byte {start}.");
            }
            Deliver(path, BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8)), frame.AsSpan(HeaderLength, length), apply);
        }
    }

    private void Deliver(string path, long number, ReadOnlySpan<byte> records, FrameReader apply)
    {
        if (number <= LastFrame)
        {
            return;
        }
        if (number != LastFrame + 1)
        {
            throw new InvalidDataException($"The message journal is damaged: {Path.GetFileName(path)} goes on with frame {number} after {LastFrame}.");
        }
        apply(records);
        LastFrame = number;
    }

    private List<(long First, string Path)> Segments() =>
        [.. Directory.EnumerateFiles(_folder, "journal-*.log")
            .Select(p => (First: long.Parse(Path.GetFileNameWithoutExtension(p).AsSpan("journal-".Length), CultureInfo.InvariantCulture), p))
            .OrderBy(s => s.First)];

    private static uint Checksum(ReadOnlySpan<byte> bytes)
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
