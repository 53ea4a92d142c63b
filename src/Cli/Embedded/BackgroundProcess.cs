using System.Diagnostics;
using System.Globalization;

namespace Longspan.Cli.Embedded;

/// <summary>
/// A process that outlives this command: in a session of its own, with its output in a log file. It is found again by a pid file
/// that holds the pid and the process's start time, so that a number that the kernel has given to somebody else is never signalled.
/// </summary>
internal static class BackgroundProcess
{
    /// <summary>Starts it and returns its pid. <paramref name="networkNamespace"/> runs it inside that namespace.</summary>
    public static async Task<int> StartAsync(
        string program, IEnumerable<string> arguments, string logFile, CancellationToken stop, string? pidFile = null, string? networkNamespace = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var path = Tool.Find(program) ?? throw new CommandFailure($"'{program}' is not installed.");
        // setsid gives it a session of its own; the redirections need a shell only because a child cannot be given files otherwise,
        // and the shell gets every name as a positional argument, never as text to parse.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("""log=$1; shift; exec setsid -f "$@" </dev/null >>"$log" 2>&1""");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(logFile);
        if (pidFile is not null)
        {
            // Writes its own pid, then becomes the program: no window in which the pid is unknown.
            foreach (var word in (string[])["/bin/sh", "-c", """file=$1; shift; echo $$ >"$file"; exec "$@" """.Trim(), "sh", pidFile])
            {
                start.ArgumentList.Add(word);
            }
            File.Delete(pidFile);
        }
        if (networkNamespace is not null)
        {
            start.ArgumentList.Add(Tool.Find("nsenter") ?? throw new CommandFailure("'nsenter' is not installed.", "apt-get install util-linux."));
            start.ArgumentList.Add($"--net=/run/netns/{networkNamespace}");
        }
        start.ArgumentList.Add(path);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var launcher = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        await launcher.WaitForExitAsync(stop);
        return pidFile is null ? 0 : await RecordAsync(pidFile, stop);
    }

    /// <summary>The running process of a pid file, or null when it is gone.</summary>
    public static int? Find(string pidFile)
    {
        if (!File.Exists(pidFile))
        {
            return null;
        }
        var parts = File.ReadAllText(pidFile).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 2 && int.TryParse(parts[0], out var pid) && StartTime(pid) == parts[1] ? pid : null;
    }

    /// <summary>Asks it to end (SIGTERM), waits, and ends it by force after the limit. True when there was one.</summary>
    public static async Task<bool> StopAsync(string pidFile, TimeSpan limit, CancellationToken stop)
    {
        if (Find(pidFile) is not { } pid)
        {
            File.Delete(pidFile);
            return false;
        }
        await Tool.TryRunAsync("kill", ["-TERM", pid.ToString(CultureInfo.InvariantCulture)], stop);
        try
        {
            await Wait.UntilAsync($"process {pid} has ended", () => Task.FromResult(Find(pidFile) is null), limit, stop);
        }
        catch (CommandFailure)
        {
            await Tool.TryRunAsync("kill", ["-KILL", pid.ToString(CultureInfo.InvariantCulture)], stop);
            await Wait.UntilAsync($"process {pid} has been killed", () => Task.FromResult(Find(pidFile) is null), TimeSpan.FromSeconds(5), stop);
        }
        File.Delete(pidFile);
        return true;
    }

    private static async Task<int> RecordAsync(string pidFile, CancellationToken stop)
    {
        int? started = null;
        await Wait.UntilAsync($"the process of {pidFile} has started (its log file beside the pid file says why not)", () =>
        {
            if (File.Exists(pidFile) && int.TryParse(File.ReadAllText(pidFile).Trim(), out var pid) && StartTime(pid) is { } time)
            {
                File.WriteAllText(pidFile, $"{pid} {time}");
                started = pid;
            }
            return Task.FromResult(started is not null);
        }, TimeSpan.FromSeconds(5), stop, pause: TimeSpan.FromMilliseconds(5));
        return started!.Value;
    }

    // Field 22 of /proc/PID/stat: clock ticks since boot. The command name before it may hold spaces and parentheses. Zombies are gone.
    private static string? StartTime(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
