using System.Globalization;

namespace Longspan.Store;

/// <summary>
/// Exactly one server process per data folder: an exclusive lock of the operating system on the file <c>lock</c>, which vanishes with the
/// process however it ends. <c>lock.pid</c> beside it only serves the message to the second process; a stale one means nothing.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream held;

    private FolderLock(FileStream held) => this.held = held;

    public static FolderLock Take(string folder)
    {
        var path = Path.Combine(folder, "lock");
        FileStream held;
        try
        {
            // Sharing nothing is an exclusive flock on Unix and a real lock on Windows.
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new DataFolderInUseException(folder, ReadProcessId(folder));
        }
        File.WriteAllText(ProcessIdPath(folder), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new FolderLock(held);
    }

    private static int? ReadProcessId(string folder)
    {
        try
        {
            return int.TryParse(File.ReadAllText(ProcessIdPath(folder)), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string ProcessIdPath(string folder) => Path.Combine(folder, "lock.pid");

    public void Dispose() => held.Dispose();
}
