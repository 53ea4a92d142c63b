using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Longspan.Wire.Signing;

namespace Longspan.Fleet;

/// <summary>The server as a process of its own, so that its processor time and memory are its own. It can be killed and started again.</summary>
internal sealed class ServerUnderTest : IDisposable
{
    private const string Ready = "Longspan is ready on ";
    private const int KeptLines = 40;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private const double TicksPerSecond = 100;
    private readonly string _data;
    private readonly bool _ownsData;
    private readonly int _port = FreePort();
    private readonly string? _trace;
    private readonly Queue<string> _lines = new();
    private Process? _process;

    public ServerUnderTest(string? data, string? trace)
    {
        _ownsData = data is null;
        _data = data ?? Directory.CreateTempSubdirectory("bench-fleet").FullName;
        _trace = trace;
    }

    public Uri Endpoint => new($"http://127.0.0.1:{_port}");

    public AwsCredentials Keys
    {
        get
        {
            var values = File.ReadLines(Path.Combine(_data, "credentials")).Select(text => text.Split('=', 2)).Where(pair => pair.Length == 2)
                .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.Ordinal);
            return new AwsCredentials(values["aws_access_key_id"], values["aws_secret_access_key"]);
        }
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in new[]
            { Path.Combine(AppContext.BaseDirectory, "longspan.dll"), "server", "--data", _data, "--port", _port.ToString(CultureInfo.InvariantCulture),
                // All nodes of the simulator share one identity; real ones have one each.
                "--rate-limit", "0" })
        {
            start.ArgumentList.Add(argument);
        }
        if (_trace is not null)
        {
            start.Environment["DOTNET_EnableEventPipe"] = "1";
            start.Environment["DOTNET_EventPipeOutputPath"] = _trace;
            start.Environment["DOTNET_EventPipeConfig"] = "Microsoft-DotNETCore-SampleProfiler:0:5,Microsoft-Windows-DotNETRuntime:4c14fccbd:5";
            start.Environment["DOTNET_EventPipeOutputStreaming"] = "1";
        }
        _process = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = ReadAsync(_process.StandardOutput, ready);
        _ = ReadAsync(_process.StandardError, ready);
        var exited = _process.WaitForExitAsync();
        if (await Task.WhenAny(ready.Task, exited, Task.Delay(StartLimit)) != ready.Task)
        {
            throw new InvalidOperationException("The server did not start:" + Environment.NewLine + LastLines());
        }
    }

    /// <summary>SIGKILL: nothing is said to anyone.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public string LastLines()
    {
        lock (_lines)
        {
            return string.Join(Environment.NewLine, _lines);
        }
    }

    /// <summary>User and system time since its start.</summary>
    public TimeSpan Cpu()
    {
        var text = File.ReadAllText($"/proc/{_process!.Id}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond);
    }

    /// <summary>A line of /proc/PID/status in MiB.</summary>
    public double Mib(string field)
    {
        var line = File.ReadLines($"/proc/{_process!.Id}/status").First(text => text.StartsWith(field + ":", StringComparison.Ordinal));
        return double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
            {
                kill.WaitForExit();
            }
            if (!_process.WaitForExit(StopLimit))
            {
                _process.Kill();
                _process.WaitForExit();
            }
        }
        _process?.Dispose();
        if (_ownsData)
        {
            Directory.Delete(_data, recursive: true);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task ReadAsync(StreamReader reader, TaskCompletionSource ready)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Ready, StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
            lock (_lines)
            {
                _lines.Enqueue(line);
                while (_lines.Count > KeptLines)
                {
                    _lines.Dequeue();
                }
            }
        }
    }
}
