using System.Runtime.InteropServices;

namespace Longspan.Cli;

/// <summary>
/// What a server writes is for its user only: databases and their logs, journals, blobs. That holds for files of libraries, too, and wherever a
/// copy that keeps modes puts them. What is for everybody (<c>ca.pem</c>) gets its mode explicitly.
/// </summary>
internal static class FileMask
{
    private const uint GroupAndOthers = 0b_111_111;

    /// <summary>For this process, and what it starts.</summary>
    public static void OwnerOnly()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(GroupAndOthers);
        }
    }

    // It cannot fail; the result is the mask from before.
    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint SetMask(uint mask);
}
