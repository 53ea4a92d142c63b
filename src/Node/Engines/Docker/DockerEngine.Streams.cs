using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Longspan.Node.Engines.Docker;

public sealed partial class DockerEngine
{
    /// <summary>Longest line kept in one piece; the rest of a longer one follows as lines of its own.</summary>
    private const int MaxLineBytes = 256 * 1024;
    private const int ReadChunk = 32 * 1024;

    public override async IAsyncEnumerable<OutputLine> ReadOutputAsync(
        string id, DateTimeOffset? since, [EnumeratorCancellation] CancellationToken stop)
    {
        var parameters = new ContainerLogsParameters
        {
            ShowStdout = true, ShowStderr = true, Follow = true, Timestamps = true, Since = since is { } s ? ToUnix(s) : null,
        };
        MultiplexedStream stream;
        try
        {
            stream = await _client.Containers.GetContainerLogsAsync(id, parameters, stop);
        }
        catch (Exception e) when (Translate(e) is { } known)
        {
            throw known;
        }
        using var _ = stream;
        var buffer = new byte[ReadChunk];
        var outputs = new LineBuffer[] { new(), new() };
        while (true)
        {
            MultiplexedStream.ReadResult read;
            try
            {
                read = await stream.ReadOutputAsync(buffer, 0, buffer.Length, stop);
            }
            catch (Exception e) when (Translate(e) is { } known)
            {
                throw known;
            }
            if (read.EOF)
            {
                break;
            }
            var output = outputs[read.Target == MultiplexedStream.TargetStream.StandardError ? 1 : 0];
            foreach (var line in output.Append(buffer.AsSpan(0, read.Count)))
            {
                yield return Parse(line);
            }
        }
        foreach (var rest in outputs.Select(o => o.Rest()).Where(r => r.Length > 0))
        {
            yield return Parse(rest);
        }
    }

    public override async Task<UsageReading?> ReadUsageAsync(string id, CancellationToken stop)
    {
        var found = await ReadStatsAsync(id, stop);
        if (found?.CPUStats?.CPUUsage is not { } cpu || found.MemoryStats is not { Usage: { } used } memory)
        {
            return null;
        }
        var cache = memory.Stats?.TryGetValue("total_inactive_file", out var v1) == true ? v1
            : memory.Stats?.TryGetValue("inactive_file", out var v2) == true ? v2 : 0;
        return new UsageReading(_time.GetUtcNow(), TimeSpan.FromTicks((long)(cpu.TotalUsage / 100)), (long)(used - Math.Min(used, cache)));
    }

    public override async Task<string?> ReadRawStatsAsync(string id, CancellationToken stop)
    {
        var found = await ReadStatsAsync(id, stop);
        return found is null ? null : System.Text.Json.JsonSerializer.Serialize(found);
    }

    /// <summary>One-shot: without it the engine waits two seconds for a second sample.</summary>
    private async Task<ContainerStatsResponse?> ReadStatsAsync(string id, CancellationToken stop)
    {
        ContainerStatsResponse? found = null;
        var parameters = new ContainerStatsParameters { Stream = false, OneShot = true };
        try
        {
            await CallAsync(
                s => Done(_client.Containers.GetContainerStatsAsync(id, parameters, new Synchronous<ContainerStatsResponse>(r => found = r), s)),
                CallTimeout, stop);
            return found;
        }
        catch (EngineException)
        {
            return null;
        }
    }

    public override async Task MakePauseImageAsync(CancellationToken stop)
    {
        var description = await DescribeAsync(stop);
        using var archive = PauseImage.Archive(isArm64: description.Architecture is "aarch64" or "arm64");
        var parameters = new ImagesCreateParameters
        {
            FromSrc = "-", Repo = PauseImage.Repository, Tag = PauseImage.Tag, Changes = [$"ENTRYPOINT [\"{PauseImage.Program}\"]"],
        };
        string? failure = null;
        var progress = new Synchronous<JSONMessage>(message => failure ??= message.Error?.Message);
        await CallAsync(s => Done(_client.Images.CreateImageAsync(parameters, archive, new AuthConfig(), progress, s)), CallTimeout, stop);
        if (failure is not null)
        {
            throw new EngineException(EngineFault.Other, failure);
        }
    }

    public override Task CreateVolumeAsync(VolumePlan plan, CancellationToken stop)
    {
        var parameters = new VolumesCreateParameters
        {
            Name = plan.Name,
            Driver = plan.Driver ?? "local",
            DriverOpts = new Dictionary<string, string>(plan.DriverOpts),
            Labels = new Dictionary<string, string>(plan.Labels) { [EngineLabels.Node] = _node },
        };
        return CallAsync(s => _client.Volumes.CreateAsync(parameters, s), CallTimeout, stop);
    }

    public override async Task<bool> VolumeExistsAsync(string name, CancellationToken stop)
    {
        try
        {
            await CallAsync(s => _client.Volumes.InspectAsync(name, s), CallTimeout, stop);
            return true;
        }
        catch (EngineException e) when (e.Fault == EngineFault.NotFound)
        {
            return false;
        }
    }

    public override async Task RemoveVolumeAsync(string name, CancellationToken stop)
    {
        try
        {
            await CallAsync(s => Done(_client.Volumes.RemoveAsync(name, true, s)), CallTimeout, stop);
        }
        catch (EngineException e) when (e.Fault == EngineFault.NotFound)
        {
        }
    }

    public override async Task<NetworkView?> InspectNetworkAsync(string name, CancellationToken stop)
    {
        try
        {
            var found = await CallAsync(s => _client.Networks.InspectNetworkAsync(name, s), CallTimeout, stop);
            var range = found.IPAM?.Config?.FirstOrDefault(c => c.Gateway is { Length: > 0 }) ?? found.IPAM?.Config?.FirstOrDefault();
            var bridge = found.Options is { } options && options.TryGetValue("com.docker.network.bridge.name", out var named)
                ? named
                : "br-" + found.ID[..Math.Min(12, found.ID.Length)];
            // Some engines report a gateway with its prefix length.
            return new NetworkView(found.Name, found.ID, range?.Gateway?.Split('/')[0], range?.Subnet, bridge);
        }
        catch (EngineException e) when (e.Fault == EngineFault.NotFound)
        {
            return null;
        }
    }

    private static string ToUnix(DateTimeOffset at)
    {
        var ticks = at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return string.Create(
            CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:D9}");
    }

    private OutputLine Parse(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && DateTimeOffset.TryParse(
                line.AsSpan(0, space), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? new OutputLine(at, line[(space + 1)..])
            : new OutputLine(_time.GetUtcNow(), line);
    }

    /// <summary>Cuts a byte stream into lines; one per output, because a read may end anywhere.</summary>
    private sealed class LineBuffer
    {
        private readonly System.Buffers.ArrayBufferWriter<byte> _pending = new();

        public List<string> Append(ReadOnlySpan<byte> bytes)
        {
            var lines = new List<string>();
            while (bytes.IndexOf((byte)'\n') is var end && end >= 0)
            {
                _pending.Write(bytes[..end]);
                lines.Add(Take());
                bytes = bytes[(end + 1)..];
            }
            _pending.Write(bytes);
            if (_pending.WrittenCount > MaxLineBytes)
            {
                lines.Add(Take());
            }
            return lines;
        }

        public string Rest() => Take();

        private string Take()
        {
            var text = Encoding.UTF8.GetString(_pending.WrittenSpan);
            _pending.ResetWrittenCount();
            return text.EndsWith('\r') ? text[..^1] : text;
        }
    }
}
