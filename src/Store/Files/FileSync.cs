using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Longspan.Store.Files;

/// <summary>
/// Makes names durable. Syncing a file does not sync the directory entry that names it, so a created or renamed file can vanish in a power cut
/// unless its directory is synced as well; .NET has no call for that.
/// </summary>
public static class FileSync
{
    private const int ReadOnly = 0;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void Directory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Cannot open the directory {path} to sync it (errno {Marshal.GetLastPInvokeError()}).");
        }
        try
        {
            if (Sync(descriptor) != 0)
            {
                throw new IOException($"Cannot sync the directory {path} (errno {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>
    /// A file's contents, and of its metadata only what is needed to read them back. Where a write did not make the file longer this
    /// spares the file system a transaction of its own, which halves the time of a small sync.
    /// </summary>
    public static void Contents(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }
        if (SyncData(file) != 0)
        {
            throw new IOException($"Cannot sync a file (errno {Marshal.GetLastPInvokeError()}).");
        }
    }

    /// <summary>A small file that is wholly there or not at all, readable by its owner only.</summary>
    public static void WritePrivate(string path, ReadOnlySpan<byte> content) => Write(path, content, OwnerOnly);

    /// <summary>A small file that is wholly there or not at all, readable by everybody who reaches its folder.</summary>
    public static void WritePublic(string path, ReadOnlySpan<byte> content) =>
        Write(path, content, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    private static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }
        using (var file = new FileStream(unfinished, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
            if (!OperatingSystem.IsWindows() && mode != OwnerOnly)
            {
                // Said again: what is given at the creation is narrowed by the process's mask.
                File.SetUnixFileMode(file.SafeFileHandle, mode);
            }
        }
        File.Move(unfinished, path, overwrite: true);
        Directory(Path.GetDirectoryName(path)!);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SyncData(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
