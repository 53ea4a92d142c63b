using System.Diagnostics;
using System.Globalization;

namespace Longspan.Tasks;

/// <summary>One of our programs as a user starts it, timed from before its process exists.</summary>
internal sealed class OwnProcess : IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private readonly Process _process;

    private OwnProcess(Process process) => _process = process;

    public static async Task<(OwnProcess Process, string Line, TimeSpan Took)> StartAsync(string readyWords, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "longspan.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        var watch = Stopwatch.StartNew();
        var own = new OwnProcess(Process.Start(start)!);
        var errors = own._process.StandardError.ReadToEndAsync();
        while (await own._process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(readyWords, StringComparison.Ordinal))
            {
                var took = watch.Elapsed;
                _ = own._process.StandardOutput.ReadToEndAsync();
                return (own, line, took);
            }
        }
        throw new InvalidOperationException($"longspan {string.Join(' ', arguments)} ended: {await errors}");
    }

    /// <summary>A line of /proc/PID/status in MiB.</summary>
    public double Mib(string field)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(text => text.StartsWith(field + ":", StringComparison.Ordinal));
        return double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>SIGKILL, as a crash or a cut is to everybody else.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            kill.WaitForExit();
            if (!_process.WaitForExit(StopLimit))
            {
                _process.Kill();
            }
        }
        _process.Dispose();
    }
}
