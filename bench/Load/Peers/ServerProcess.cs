using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Longspan.Load.Peers;

/// <summary>
/// A server that this run started, with the processes that it started in turn. Only one server runs at a time: the others are held by
/// SIGSTOP, which costs nothing and keeps what they have warmed up.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly double TicksPerSecond = 100;
    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly string _stopSignal;
    private bool _ended;

    private ServerProcess(Process process, string stopSignal) => (_process, _stopSignal) = (process, stopSignal);

    /// <param name="ready">Looks at a line of output, or at null every 50 ms; true ends the wait.</param>
    public static async Task<ServerProcess> StartAsync(
        string program, IEnumerable<string> arguments, Func<string?, ValueTask<bool>> ready,
        IReadOnlyDictionary<string, string>? environment = null, string stopSignal = "TERM")
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        var server = new ServerProcess(Process.Start(start)!, stopSignal);
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = server.ReadAsync(server._process.StandardOutput, ready, seen);
        _ = server.ReadAsync(server._process.StandardError, ready, seen);
        try
        {
            for (var watch = Stopwatch.StartNew(); !seen.Task.IsCompleted && !await ready(null); await Task.WhenAny(seen.Task, Task.Delay(50)))
            {
                if (server._process.HasExited || watch.Elapsed > StartLimit)
                {
                    throw new InvalidOperationException($"{program} did not get ready:{Environment.NewLine}{server.LastLines()}");
                }
            }
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public int Id => _process.Id;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>For servers that print nothing which could be waited for.</summary>
    public static async ValueTask<bool> AnswersAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The process and all below it.</summary>
    public IReadOnlyList<int> Tree()
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && Stat(pid) is { } stat)
            {
                parents[pid] = int.Parse(stat[1], CultureInfo.InvariantCulture);
            }
        }
        var tree = new List<int> { Id };
        for (var i = 0; i < tree.Count; i++)
        {
            tree.AddRange(parents.Where(pair => pair.Value == tree[i]).Select(pair => pair.Key));
        }
        return tree;
    }

    /// <summary>Of the whole tree, with children that have ended.</summary>
    public TimeSpan Cpu() => TimeSpan.FromSeconds(Tree().Select(Stat).Where(stat => stat is not null)
        .Sum(stat => stat![11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture))) / TicksPerSecond);

    /// <summary>Nothing for a server that has been ended.</summary>
    public void Pause() => SignalTree("STOP");

    public void Resume() => SignalTree("CONT");

    public void Dispose()
    {
        if (!_ended && !_process.HasExited)
        {
            var tree = Tree();
            Signal("CONT", tree);
            Signal(_stopSignal, [Id]);
            if (!_process.WaitForExit(StopLimit))
            {
                Signal("KILL", tree);
                _process.WaitForExit();
            }
        }
        _ended = true;
        _process.Dispose();
    }

    private void SignalTree(string signal)
    {
        if (!_ended)
        {
            Signal(signal, Tree());
        }
    }

    private string LastLines()
    {
        lock (_lines)
        {
            return string.Join(Environment.NewLine, _lines);
        }
    }

    private async Task ReadAsync(StreamReader reader, Func<string?, ValueTask<bool>> ready, TaskCompletionSource seen)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines)
            {
                _lines.Enqueue(line);
                while (_lines.Count > KeptLines)
                {
                    _lines.Dequeue();
                }
            }
            if (!seen.Task.IsCompleted && await ready(line))
            {
                seen.TrySetResult();
            }
        }
    }

    private static void Signal(string signal, IReadOnlyList<int> pids)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", .. pids.Select(pid => $"{pid}")]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    /// <summary>The fields of /proc/PID/stat behind the name, which may itself hold blanks; null when the process is gone.</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
