using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Longspan.Node.Engines.Docker;

/// <summary>A Docker engine behind its socket. The client sends unversioned paths, so the engine answers with its newest API.</summary>
public sealed partial class DockerEngine : ContainerEngine
{
    /// <summary>For calls that only look or change bookkeeping; pulls, stops and streams have their own bounds.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CreateTimeout = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PullInactivity = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WatchRetry = TimeSpan.FromSeconds(1);
    private const int MaxPendingEvents = 4096;

    private readonly DockerClient _client;
    private readonly string _node;
    private readonly TimeProvider _time;

    public DockerEngine(Uri endpoint, string node, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        _client = new DockerClientBuilder().WithEndpoint(endpoint).WithTimeout(Timeout.InfiniteTimeSpan).Build();
        _node = node;
        _time = time;
    }

    public override async Task<EngineDescription> DescribeAsync(CancellationToken stop)
    {
        var info = await CallAsync(s => _client.System.GetSystemInfoAsync(s), CallTimeout, stop);
        return new EngineDescription(info.ServerVersion, (int)info.NCPU, info.MemTotal, info.Architecture)
        {
            LogDrivers = [.. info.Plugins?.Log ?? []],
            // As the engine writes them: name=apparmor, name=seccomp,profile=default.
            SecurityModules = [.. (info.SecurityOptions ?? []).Select(o => o.Split(',')[0]).Where(o => o is "name=apparmor" or "name=selinux").Select(o => o["name=".Length..])],
            CgroupDriver = info.CgroupDriver ?? "",
        };
    }

    public override async Task<ImageView?> InspectImageAsync(string image, CancellationToken stop)
    {
        try
        {
            var found = await CallAsync(s => _client.Images.InspectImageAsync(image, s), CallTimeout, stop);
            // A digest that the image has under another name is no promise that this name's registry knows it.
            var repository = Familiar(ImageReference.Parse(image).Repository);
            var digest = (found.RepoDigests ?? []).FirstOrDefault(d => d.StartsWith(repository + "@", StringComparison.Ordinal));
            return new ImageView(found.ID, digest is null ? null : digest[(digest.IndexOf('@', StringComparison.Ordinal) + 1)..]);
        }
        catch (EngineException e) when (e.Fault is EngineFault.NotFound or EngineFault.ImageNotFound)
        {
            return null;
        }
    }

    /// <summary>As the engine writes names of the default registry.</summary>
    private static string Familiar(string repository)
    {
        const string Default = "docker.io/";
        const string Official = "library/";
        var name = repository.StartsWith(Default, StringComparison.Ordinal) ? repository[Default.Length..] : repository;
        return name.StartsWith(Official, StringComparison.Ordinal) ? name[Official.Length..] : name;
    }

    public override async Task PullAsync(string image, RegistryLogin? login, CancellationToken stop)
    {
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var timer = _time.CreateTimer(_ => quiet.Cancel(), null, PullInactivity, Timeout.InfiniteTimeSpan);
        string? failure = null;
        var progress = new Synchronous<JSONMessage>(message =>
        {
            // An error inside the progress stream is not thrown by the client.
            failure ??= message.Error?.Message;
            timer.Change(PullInactivity, Timeout.InfiniteTimeSpan);
        });
        var reference = ImageReference.Parse(image);
        var auth = login is null ? new AuthConfig() : new AuthConfig
        {
            ServerAddress = login.ServerAddress, Username = login.User, Password = login.Password,
        };
        try
        {
            await _client.Images.CreateImageAsync(
                new ImagesCreateParameters { FromImage = reference.Repository, Tag = reference.TagOrDigest }, auth, progress, quiet.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new EngineException(EngineFault.Timeout, $"no progress for {PullInactivity.TotalSeconds:0} s while pulling {image}");
        }
        catch (Exception e) when (Translate(e) is { } known)
        {
            throw known;
        }
        if (failure is not null)
        {
            throw new EngineException(FaultOfPull(failure), failure);
        }
    }

    public override async Task<string> CreateAsync(ContainerPlan plan, CancellationToken stop)
    {
        var parameters = DockerShapes.ToParameters(plan, _node);
        var created = await CallAsync(s => _client.Containers.CreateContainerAsync(parameters, s), CreateTimeout, stop);
        return created.ID;
    }

    public override Task StartAsync(string id, CancellationToken stop) =>
        CallAsync(s => _client.Containers.StartContainerAsync(id, new ContainerStartParameters(), s), StartTimeout, stop);

    public override async Task StopAsync(string id, TimeSpan grace, CancellationToken stop)
    {
        if (grace > TimeSpan.Zero)
        {
            var parameters = new ContainerStopParameters { WaitBeforeKillSeconds = (uint)Math.Ceiling(grace.TotalSeconds) };
            await CallAsync(s => _client.Containers.StopContainerAsync(id, parameters, s), grace + CallTimeout, stop);
            return;
        }
        try
        {
            // A wait of zero is left out of the call by the library, and would be the engine's ten seconds.
            var parameters = new ContainerKillParameters { Signal = "SIGKILL" };
            await CallAsync(s => Done(_client.Containers.KillContainerAsync(id, parameters, s)), CallTimeout, stop);
        }
        catch (EngineException e) when (e.Fault == EngineFault.Conflict)
        {
            // It had ended already.
        }
    }

    public override async Task RemoveAsync(string id, CancellationToken stop)
    {
        try
        {
            var parameters = new ContainerRemoveParameters { Force = true, RemoveVolumes = true };
            await CallAsync(s => Done(_client.Containers.RemoveContainerAsync(id, parameters, s)), CallTimeout, stop);
        }
        catch (EngineException e) when (e.Fault == EngineFault.NotFound)
        {
        }
        catch (EngineException e) when (e.Fault == EngineFault.Conflict && e.Message.Contains("already in progress", StringComparison.Ordinal))
        {
        }
    }

    public override async Task<ContainerView?> InspectAsync(string idOrName, CancellationToken stop)
    {
        try
        {
            return DockerShapes.ToView(await CallAsync(s => _client.Containers.InspectContainerAsync(idOrName, s), CallTimeout, stop));
        }
        catch (EngineException e) when (e.Fault == EngineFault.NotFound)
        {
            return null;
        }
    }

    public override async Task<IReadOnlyList<ContainerListing>> ListAsync(CancellationToken stop)
    {
        var parameters = new ContainersListParameters { All = true, Filters = NodeFilter() };
        var found = await CallAsync(s => _client.Containers.ListContainersAsync(parameters, s), CallTimeout, stop);
        return [.. found.Select(c => new ContainerListing(
            c.ID, (c.Names?.FirstOrDefault() ?? "").TrimStart('/'), DockerShapes.ToPhase(c.State),
            new Dictionary<string, string>(c.Labels ?? new Dictionary<string, string>())))];
    }

    public override async IAsyncEnumerable<EngineEvent> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // Full means that the reader is far behind: the newest hints are dropped and a resync follows when the stream ends.
            var channel = Channel.CreateBounded<EngineEvent>(
                new BoundedChannelOptions(MaxPendingEvents) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
            using var session = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var pump = PumpEventsAsync(channel.Writer, session.Token);
            try
            {
                // First listen, then look: nothing falls between.
                yield return new EngineEvent(EngineEventKind.Resync, "", "");
                await foreach (var seen in channel.Reader.ReadAllAsync(CancellationToken.None))
                {
                    yield return seen;
                }
            }
            finally
            {
                await session.CancelAsync();
                await pump;
            }
            try
            {
                await Task.Delay(WatchRetry, _time, stop);
            }
            catch (OperationCanceledException)
            {
                yield break;
            }
        }
    }

    private async Task PumpEventsAsync(ChannelWriter<EngineEvent> writer, CancellationToken stop)
    {
        var filters = NodeFilter();
        filters["type"] = new Dictionary<string, bool> { ["container"] = true };
        filters["event"] = new Dictionary<string, bool>
        {
            ["start"] = true, ["die"] = true, ["oom"] = true, ["destroy"] = true, ["health_status"] = true,
        };
        var progress = new Synchronous<Message>(m =>
        {
            if (m.Actor?.Attributes is { } labels && labels.TryGetValue(EngineLabels.TaskArn, out var task)
                && labels.TryGetValue(EngineLabels.ContainerName, out var container))
            {
                writer.TryWrite(new EngineEvent(EngineEventKind.Changed, task, container));
            }
        });
        try
        {
            await _client.System.MonitorEventsAsync(new ContainerEventsParameters { Filters = filters }, progress, stop);
        }
        catch (Exception e) when (e is OperationCanceledException || Translate(e) is not null)
        {
        }
        finally
        {
            writer.TryComplete();
        }
    }

    private Dictionary<string, IDictionary<string, bool>> NodeFilter() => new()
    {
        ["label"] = new Dictionary<string, bool> { [$"{EngineLabels.Node}={_node}"] = true },
    };

    public override ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<bool> Done(Task work)
    {
        await work;
        return true;
    }

    private async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            return await call(both.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new EngineException(EngineFault.Timeout, $"the engine did not answer within {limit.TotalSeconds:0} s");
        }
        catch (Exception e) when (Translate(e) is { } known)
        {
            throw known;
        }
    }

    private static EngineException? Translate(Exception e) => e switch
    {
        EngineException known => known,
        DockerImageNotFoundException missing => new EngineException(EngineFault.ImageNotFound, TextOf(missing), e),
        DockerApiException api => new EngineException(FaultOf(api), TextOf(api), e),
        HttpRequestException or IOException or System.Net.Sockets.SocketException or TimeoutException or ObjectDisposedException =>
            new EngineException(EngineFault.Unreachable, $"the engine cannot be reached: {e.Message}", e),
        _ => null,
    };

    private static EngineFault FaultOf(DockerApiException e) => e.StatusCode switch
    {
        HttpStatusCode.NotFound => EngineFault.NotFound,
        HttpStatusCode.Conflict => EngineFault.Conflict,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => EngineFault.Denied,
        _ => FaultOfPull(e.ResponseBody ?? ""),
    };

    private static EngineFault FaultOfPull(string text) =>
        text.Contains("unauthorized", StringComparison.OrdinalIgnoreCase) || text.Contains("no basic auth", StringComparison.OrdinalIgnoreCase)
            || text.Contains("denied", StringComparison.OrdinalIgnoreCase)
            ? EngineFault.Denied
            : text.Contains("not found", StringComparison.OrdinalIgnoreCase) || text.Contains("manifest unknown", StringComparison.OrdinalIgnoreCase)
                ? EngineFault.ImageNotFound
                : EngineFault.Other;

    private static string TextOf(DockerApiException e)
    {
        try
        {
            return System.Text.Json.Nodes.JsonNode.Parse(e.ResponseBody ?? "")?["message"]?.GetValue<string>() ?? e.Message;
        }
        catch (Exception notJson) when (notJson is System.Text.Json.JsonException or InvalidOperationException)
        {
            return e.ResponseBody is { Length: > 0 } body ? body.Trim() : e.Message;
        }
    }

    /// <summary><see cref="Progress{T}"/> posts to the pool and reorders; order matters here.</summary>
    private sealed class Synchronous<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
