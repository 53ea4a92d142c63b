using System.Diagnostics;

namespace Longspan.Cli.Embedded;

/// <summary>Runs programs of the operating system. Arguments are passed as a list; no shell ever sees them.</summary>
internal static class Tool
{
    private const int KeptOutput = 64 * 1024;
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    public sealed record Result(int ExitCode, string Output, string Errors)
    {
        public bool Succeeded => ExitCode == 0;
    }

    /// <summary>Whether a program of this name is on PATH, or in the folders for administrators that a user's PATH may lack.</summary>
    public static bool Exists(string program) => Find(program) is not null;

    public static string? Find(string program) => program.Contains('/', StringComparison.Ordinal) ? (File.Exists(program) ? program : null) :
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin"])
            .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Runs to the end and returns what was printed. A failure is a value; a missing program throws.</summary>
    public static async Task<Result> TryRunAsync(
        string program, IEnumerable<string> arguments, CancellationToken stop, TimeSpan? limit = null, string? input = null, Action<string>? onLine = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var path = Find(program) ?? throw new CommandFailure($"'{program}' is not installed.", $"apt-get install a package that brings '{program}'.");
        var start = new ProcessStartInfo(path)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(limit ?? DefaultLimit);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token);
            }
            process.StandardInput.Close();
            var output = ReadAsync(process.StandardOutput, onLine, deadline.Token);
            var errors = ReadAsync(process.StandardError, onLine, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new Result(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            stop.ThrowIfCancellationRequested();
            throw new CommandFailure($"'{program}' did not finish within {(limit ?? DefaultLimit).TotalSeconds:0} s.", "Look at the machine's load, then run the command again.");
        }
    }

    /// <summary>Runs to the end; a failure throws with the program's own last words.</summary>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken stop, TimeSpan? limit = null, string? input = null, Action<string>? onLine = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var list = arguments.ToList();
        var result = await TryRunAsync(program, list, stop, limit, input, onLine, environment);
        if (!result.Succeeded)
        {
            var words = (result.Errors.Length > 0 ? result.Errors : result.Output).Trim();
            throw new CommandFailure($"{program} {list.FirstOrDefault()} failed with exit code {result.ExitCode}: {words}");
        }
        return result.Output;
    }

    // Keeps the end of long output: that is where a failure says why.
    private static async Task<string> ReadAsync(StreamReader reader, Action<string>? onLine, CancellationToken stop)
    {
        var lines = new Queue<string>();
        var length = 0;
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            onLine?.Invoke(line);
            lines.Enqueue(line);
            length += line.Length + 1;
            while (length > KeptOutput && lines.Count > 1)
            {
                length -= lines.Dequeue().Length + 1;
            }
        }
        return string.Join('\n', lines);
    }
}

/// <summary>A command that could not do its work: what went wrong and, where it is known, what to do next.</summary>
/// <param name="exitCode">1: it failed. 2: it was asked for in a way that it refuses, and nothing was tried.</param>
internal sealed class CommandFailure(string message, string? next = null, int exitCode = 1) : Exception(message)
{
    public string? Next { get; } = next;
    public int ExitCode { get; } = exitCode;
}
