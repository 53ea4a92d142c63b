using Longspan.Node.State;

namespace Longspan.Node.Diagnosis;

/// <summary>The state folder: who may read it, who uses it, and whether there is room.</summary>
internal static class FolderChecks
{
    private const long Low = 1024L * 1024 * 1024;
    private const long VeryLow = 100L * 1024 * 1024;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static IReadOnlyList<Finding> State(string path)
    {
        const string Check = "state folder";
        if (!Directory.Exists(path))
        {
            var parent = Nearest(path);
            return [MayWrite(parent)
                ? Finding.Fine(Check, $"{path} does not exist yet; the node makes it")
                : Finding.Failed(Check, $"{path} does not exist, and {parent} may not be written to", "Run as root, or give another folder with --state.")];
        }
        var found = new List<Finding>();
        if (!MayWrite(path))
        {
            found.Add(Finding.Failed(Check, $"{path} may not be written to", $"Run as its owner (see 'ls -ld {path}'), or give another folder with --state."));
        }
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) is not 0 and var mode)
        {
            found.Add(Finding.Failed(Check, $"{path} is open to others ({mode}): it holds the machine's private key", $"chmod 700 {path}"));
        }
        if (found.Count == 0)
        {
            found.Add(Finding.Fine(Check, StateFolder.IsInUse(path) ? $"{path}, in use by a node that runs" : path));
        }
        return found;
    }

    public static IReadOnlyList<Finding> Disk(string path)
    {
        const string Check = "disk";
        var free = new DriveInfo(Nearest(path)).AvailableFreeSpace;
        var text = $"{free / (1024.0 * 1024 * 1024):0.0} GiB free for {path}";
        return [free < VeryLow ? Finding.Failed(Check, text, "Make room: the node keeps its assignment and undelivered output there.")
            : free < Low ? Finding.Doubtful(Check, text, "Make room, or lower the bound of undelivered output with --log-spool.")
            : Finding.Fine(Check, text)];
    }

    private static string Nearest(string path)
    {
        var folder = Path.GetFullPath(path);
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            folder = parent;
        }
        return folder;
    }

    private static bool MayWrite(string folder)
    {
        var probe = Path.Combine(folder, ".longspan-doctor-" + NodeIds.Hex(8));
        try
        {
            using (new FileStream(probe, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose }))
            {
                return true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
