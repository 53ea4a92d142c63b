using System.Buffers.Binary;
using System.Formats.Tar;

namespace Longspan.Node.Engines;

/// <summary>
/// The image of the container that owns a task's namespaces, so that the task's address outlives each of its containers. It holds one
/// program that waits for ever; being two dozen instructions long it is written here rather than fetched from anywhere.
/// </summary>
internal static class PauseImage
{
    public const string Repository = "longspan/pause";
    public const string Tag = "2";
    public const string Name = $"{Repository}:{Tag}";
    public const string Program = "/pause";

    private const int HeaderBytes = 64 + 56;
    private const ulong LoadAddress = 0x400000;

    /// <summary>The image's file system as a tar stream.</summary>
    public static MemoryStream Archive(bool isArm64)
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, Program[1..])
            {
                Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
                    | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
                DataStream = new MemoryStream(Elf(isArm64)),
            });
        }
        archive.Position = 0;
        return archive;
    }

    /// <summary>A static ELF executable with one loadable segment that holds the headers and the code.</summary>
    internal static byte[] Elf(bool isArm64)
    {
        // First rt_sigaction(SIGCHLD, SIG_IGN): as first process of a shared namespace it inherits orphans, which then vanish when they end.
        // Then on x86-64 pause() again and again; arm64 has no pause: ppoll(NULL, 0, NULL, NULL, 0).
        byte[] code = isArm64
            ?
            [
                0x29, 0x00, 0x80, 0xD2, 0xE9, 0x7F, 0xBE, 0xA9, 0xFF, 0x7F, 0x01, 0xA9, 0x20, 0x02, 0x80, 0xD2,
                0xE1, 0x03, 0x00, 0x91, 0x02, 0x00, 0x80, 0xD2, 0x03, 0x01, 0x80, 0xD2, 0xC8, 0x10, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4,
                0x00, 0x00, 0x80, 0xD2, 0x01, 0x00, 0x80, 0xD2, 0x02, 0x00, 0x80, 0xD2, 0x03, 0x00, 0x80, 0xD2,
                0x04, 0x00, 0x80, 0xD2, 0x28, 0x09, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4, 0xF9, 0xFF, 0xFF, 0x17,
            ]
            :
            [
                0x6A, 0x00, 0x6A, 0x00, 0x6A, 0x00, 0x6A, 0x01, 0x48, 0x89, 0xE6, 0xBF, 0x11, 0x00, 0x00, 0x00, 0x31, 0xD2,
                0x41, 0xBA, 0x08, 0x00, 0x00, 0x00, 0xB8, 0x0D, 0x00, 0x00, 0x00, 0x0F, 0x05, 0xB8, 0x22, 0x00, 0x00, 0x00, 0x0F, 0x05, 0xEB, 0xF7,
            ];
        var file = new byte[HeaderBytes + code.Length];
        var elf = file.AsSpan();
        byte[] identity = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(elf);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[16..], 2);                               // executable
        BinaryPrimitives.WriteUInt16LittleEndian(elf[18..], isArm64 ? (ushort)0xB7 : (ushort)0x3E);
        BinaryPrimitives.WriteUInt32LittleEndian(elf[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(elf[24..], LoadAddress + HeaderBytes);       // entry
        BinaryPrimitives.WriteUInt64LittleEndian(elf[32..], 64);                              // program headers follow
        BinaryPrimitives.WriteUInt16LittleEndian(elf[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[56..], 1);
        var segment = elf[64..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1);                                 // load
        BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 5);                            // read, execute
        BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], LoadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[24..], LoadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[48..], 0x1000);
        code.CopyTo(elf[HeaderBytes..]);
        return file;
    }
}
