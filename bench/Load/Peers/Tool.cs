using System.Diagnostics;

namespace Longspan.Load.Peers;

/// <summary>Programs that are run once, to their end.</summary>
internal static class Tool
{
    /// <summary>What the program printed, or its complaint when it failed or is not there.</summary>
    public static (bool Worked, string Output) Run(string program, params IEnumerable<string> arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode == 0, (process.ExitCode == 0 ? output : $"{output}{errors.Result}").Trim());
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (false, missing.Message);
        }
    }

    public static string Must(string program, params IEnumerable<string> arguments)
    {
        var (worked, output) = Run(program, arguments);
        return worked ? output : throw new InvalidOperationException($"{program} failed: {output}");
    }

    /// <summary>The version of a Debian package as dpkg has it.</summary>
    public static string PackageVersion(string package) => Run("dpkg-query", "-W", "-f", "${Version}", package) is (true, var version) ? version : "of unknown version";

    public static string ClientVersion(Type type)
    {
        var name = type.Assembly.GetName();
        return $"{name.Name} {FileVersionInfo.GetVersionInfo(type.Assembly.Location).FileVersion?.Trim()}";
    }
}
