using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Longspan.Cli;

/// <summary>
/// Servers and nodes hold secrets in memory, so the kernel is told to write none of it to disk when the process fails; what it starts inherits that.
/// .NET's own dumps (<c>DOTNET_DbgEnableMiniDump</c>) are off unless somebody switches them on.
/// </summary>
internal static class CoreDumps
{
    private const int Resource = 4; // RLIMIT_CORE on Linux

    public static void Forbid()
    {
        if (OperatingSystem.IsLinux() && SetLimit(Resource, default) != 0)
        {
            // Lowering a limit is always allowed.
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limit
    {
        public readonly nuint Soft;
        public readonly nuint Hard;
    }

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int resource, in Limit limit);
}
