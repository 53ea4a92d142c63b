using System.ComponentModel;
using System.Diagnostics;

namespace Longspan.System.Tests.Clients;

/// <summary>What a foreign program said and how it ended.</summary>
internal sealed record ToolResult(string Command, int ExitCode, string Output, string Error)
{
    public string Succeeded() => ExitCode == 0 ? Output : throw new InvalidOperationException($"{Command} ended with {ExitCode}: {Error}{Output}");

    public string Failed() => ExitCode != 0 ? Error + Output : throw new InvalidOperationException($"{Command} was expected to fail. It said: {Output}");
}

/// <summary>Runs foreign programs: arguments as a list, no shell, an environment that nothing of the caller's leaks into, a deadline.</summary>
internal static class Tool
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    public static async Task<ToolResult> RunAsync(
        string program, IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end within {Deadline}. So far: {await error}{await output}");
        }
        return new ToolResult($"{program} {string.Join(' ', start.ArgumentList)}", process.ExitCode, await output, await error);
    }

    /// <summary>Every different program of this name on the search path.</summary>
    public static IEnumerable<string> Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(folder => Path.Combine(folder, name)).Where(File.Exists)
            .DistinctBy(path => (new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path)).Replace("/usr/bin/", "/bin/", StringComparison.Ordinal));

    /// <summary>Why this program cannot be used here, or null.</summary>
    public static string? Missing(string program) => Find(program).Any() ? null : $"no {program} on this machine";

    public static async Task<bool> StartsAsync(string program, params string[] arguments)
    {
        try
        {
            return (await RunAsync(program, arguments)).ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
