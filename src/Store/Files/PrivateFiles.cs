namespace Longspan.Store.Files;

/// <summary>
/// Takes from other users what earlier builds left readable. The data folder keeps them out of it, but a copy that keeps modes shows them in
/// another place. Modes of files, not their contents, are looked at, so open databases may be among them.
/// </summary>
internal static class PrivateFiles
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The files of this pattern that are directly in the folder.</summary>
    public static void Tighten(string folder, string pattern)
    {
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles(pattern))
        {
            Close(file);
        }
    }

    /// <summary>A folder whose files are too many to be looked at one by one.</summary>
    public static void TightenFolder(string folder) => Close(new DirectoryInfo(folder));

    private static void Close(FileSystemInfo entry)
    {
        if (OperatingSystem.IsWindows() || (entry.UnixFileMode & Others) == 0)
        {
            return;
        }
        try
        {
            entry.UnixFileMode &= ~Others;
        }
        catch (Exception unable) when (unable is UnauthorizedAccessException or IOException)
        {
            // Another user's file, or a file system without modes: the data folder goes on keeping others out.
        }
    }
}
