using System.Collections.Concurrent;
using System.Diagnostics;

namespace Longspan.System.Tests.Clients;

/// <summary>A program of ours, or of its users, as a process, the way a user starts it, with everything that it says kept.</summary>
internal sealed class OwnProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly bool _withChildren;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OwnProcess(Process process, bool withChildren)
    {
        _process = process;
        _withChildren = withChildren;
    }

    public int Id => _process.Id;
    public bool HasEnded => _ended.Task.IsCompleted;
    public string Said => string.Join('\n', _said);

    public static OwnProcess Start(params IEnumerable<string> arguments) =>
        Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "longspan.dll"), .. arguments], new Dictionary<string, string>(), null, withChildren: false);

    /// <summary>A foreign program in a folder of its own. What it starts itself dies with it.</summary>
    public static OwnProcess StartForeign(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder) =>
        Start(program, arguments, environment, folder, withChildren: true);

    private static OwnProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? folder, bool withChildren)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        var own = new OwnProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, withChildren);
        own._process.OutputDataReceived += own.Keep;
        own._process.ErrorDataReceived += own.Keep;
        own._process.Exited += (_, _) => own._ended.TrySetResult();
        own._process.Start();
        own._process.BeginOutputReadLine();
        own._process.BeginErrorReadLine();
        return own;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            _said.Enqueue(text);
        }
    }

    /// <summary>The first line with these words.</summary>
    public Task<string> SaysAsync(string words) => Until.FoundAsync($"'{words}' from process {Id}", () =>
    {
        var found = _said.FirstOrDefault(line => line.Contains(words, StringComparison.Ordinal));
        return found is null && _ended.Task.IsCompleted
            ? throw new InvalidOperationException($"The process ended with {_process.ExitCode} before it said '{words}': {Said}")
            : Task.FromResult(found);
    });

    public async Task<int> EndsAsync()
    {
        await _ended.Task.WaitAsync(Deadline);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public Task<int> KillAsync()
    {
        _process.Kill(entireProcessTree: _withChildren);
        return EndsAsync();
    }

    /// <summary>SIGTERM, the way a supervisor stops it.</summary>
    public async Task<int> StopAsync()
    {
        (await Tool.RunAsync("kill", ["-TERM", $"{Id}"])).Succeeded();
        return await EndsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_ended.Task.IsCompleted)
        {
            await KillAsync();
        }
        _process.Dispose();
    }
}
