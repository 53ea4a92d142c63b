using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;

namespace Longspan.Node.State;

/// <summary>
/// The node's folder on disk. A file is replaced as a whole: written beside, flushed to the device, renamed over, and the folder flushed,
/// so that after a crash at any moment a reader finds the old content or the new. Everything in it is readable by its owner only.
/// One process at a time holds the folder's lock.
/// </summary>
public sealed class StateFolder : IDisposable
{
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly FileStream? _lock;

    private StateFolder(string path, FileStream? held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <exception cref="IOException">Another node process holds the folder.</exception>
    public static StateFolder Open(string path)
    {
        Make(path);
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"the state folder {path} is in use by another node", e);
        }
        return new StateFolder(path, held);
    }

    /// <summary>For reading beside the node that holds it.</summary>
    public static StateFolder Look(string path) => new(path, null);

    /// <summary>Whether a node holds the folder now.</summary>
    public static bool IsInUse(string path)
    {
        var file = System.IO.Path.Combine(path, "lock");
        try
        {
            // .NET's locks are the system's: taken by a writer, they keep a reader that shares nothing out.
            using var look = System.IO.File.Exists(file) ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read) : null;
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public string Folder(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        Make(path);
        return path;
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public static void Write<T>(string path, T value, JsonTypeInfo<T> type, bool isPromise = true) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(value, type), isPromise);

    /// <param name="isPromise">
    /// False when a crash may bring back the file's former content (never a mixture): the folder is not flushed then.
    /// </param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool isPromise = true)
    {
        var next = path + ".next";
        using (var file = new FileStream(next, Options(FileMode.Create)))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        System.IO.File.Move(next, path, overwrite: true);
        if (isPromise)
        {
            FlushFolder(System.IO.Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Null if there is no such file. A file that cannot be read is an error: losing state silently would start tasks twice.</summary>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), type)
                ?? throw new InvalidDataException($"{path} is empty");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    public static void Delete(string path)
    {
        System.IO.File.Delete(path);
        FlushFolder(System.IO.Path.GetDirectoryName(path)!);
    }

    public static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }
        return options;
    }

    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // .NET opens no folders; without this a rename may be lost although the file's content is on disk.
        var descriptor = OpenFolder(System.Text.Encoding.UTF8.GetBytes(path + '\0'), 0);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open {path}: error {Marshal.GetLastPInvokeError()}");
        }
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (FlushDescriptor(handle) != 0)
        {
            throw new IOException($"cannot flush {path}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenFolder(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FlushDescriptor(SafeFileHandle descriptor);

    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerFolder);
        }
    }

    public void Dispose() => _lock?.Dispose();
}
