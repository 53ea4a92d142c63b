using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Threading.Channels;
using Longspan.Api.Ecs;
using Longspan.Kernel;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Longspan.Server.FrontDoor;

/// <summary>
/// Leads a port of this machine to the healthy tasks of a service, in turn. It asks the public ECS operations what runs, so it sees
/// exactly what any client sees, and a rolling deployment shows through it as new targets first and old ones gone afterwards.
/// The load balancing API builds on the same forwarder; until then this is what keeps a page's address fixed.
/// </summary>
internal sealed partial class FrontDoor(Cloud cloud, IHttpForwarder forwarder, ILogger<FrontDoor> log) : IAsyncDisposable
{
    private const int MaximumTasks = 100;
    private const int MaximumAttempts = 3;
    /// <summary>The kind of ECS's task documents. What is in them is asked for through the public operations.</summary>
    internal const string TaskKind = "ecs.task";
    /// <summary>Between two looks for one service, however many changes there are.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    /// <summary>Changes of tasks wake a look; this is the net under them, and under looks that fail.</summary>
    private static readonly TimeSpan SafetyPeriod = TimeSpan.FromSeconds(5);
    private static readonly ForwarderRequestConfig Forwarding = new() { ActivityTimeout = TimeSpan.FromSeconds(60) };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(2), ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
    });
    private readonly ConcurrentDictionary<PublishedService, IReadOnlyList<string>> _targets = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private int _turn;

    public void Start(IEnumerable<PublishedService> services)
    {
        // Read here, before the first looks: what is committed while they look comes through the feed.
        var from = cloud.Documents.Revision;
        var wakes = new List<ChannelWriter<bool>>();
        foreach (var service in services)
        {
            // A wake-up, not a queue: one token says "look again".
            var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
            wakes.Add(wake.Writer);
            _loops.Add(Task.Run(() => FollowAsync(service, wake.Reader)));
        }
        if (wakes.Count > 0)
        {
            _loops.Add(Task.Run(() => WatchAsync(from, wakes)));
        }
    }

    public async Task ForwardAsync(HttpContext http, PublishedService service)
    {
        var targets = _targets.GetValueOrDefault(service) ?? [];
        if (targets.Count == 0)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers.RetryAfter = "1";
            await http.Response.WriteAsync($"No healthy task of {service.Service} is running yet.", http.RequestAborted);
            return;
        }
        var turn = (uint)Interlocked.Increment(ref _turn);
        var tried = new List<string>(MaximumAttempts);
        while (targets.Count > 0)
        {
            var target = targets[(int)((turn + (uint)tried.Count) % (uint)targets.Count)];
            tried.Add(target);
            // The forwarder takes only a response that nobody has touched, and a failed attempt has set its status.
            http.Response.StatusCode = StatusCodes.Status200OK;
            var outcome = await forwarder.SendAsync(http, target, _http, Forwarding);
            if (outcome != ForwarderError.Request || http.Response.HasStarted || tried.Count == MaximumAttempts || !MayRepeat(http))
            {
                return;
            }
            LogForwardFailed(service.Service, target, outcome);
            // A stopping task refuses connections before the next look of the loop, and its successor may not be known yet: look now.
            targets = [.. (await LookAsync(service, http.RequestAborted)).Except(tried)];
        }
    }

    // A request that never left may be sent to another task, whatever it is; one that may have arrived only if repeating is harmless.
    private static bool MayRepeat(HttpContext http) =>
        http.GetForwarderErrorFeature()?.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
        || HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync(PublishedService service, ChannelReader<bool> wake)
    {
        try
        {
            while (true)
            {
                await LookAsync(service, _stop.Token);
                await Task.Delay(Pause, cloud.Clock, _stop.Token);
                await WokenAsync(wake);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Until a task changes, or the safety period is over.</summary>
    private async Task WokenAsync(ChannelReader<bool> wake)
    {
        using var patience = new CancellationTokenSource(SafetyPeriod, cloud.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stop.Token);
        try
        {
            await wake.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
        }
    }

    private async Task WatchAsync(long from, List<ChannelWriter<bool>> wakes)
    {
        try
        {
            await foreach (var change in cloud.Documents.WatchAsync(from, _stop.Token))
            {
                if (change.Resync || change.Key.Kind == TaskKind)
                {
                    wakes.ForEach(wake => wake.TryWrite(true));
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception error) when (!_stop.IsCancellationRequested)
        {
            LogWatchFailed(SafetyPeriod.TotalSeconds, error);
        }
    }

    private async Task<IReadOnlyList<string>> LookAsync(PublishedService service, CancellationToken stop)
    {
        try
        {
            return _targets[service] = await FindTargetsAsync(service, stop);
        }
        catch (Exception error) when (!stop.IsCancellationRequested)
        {
            // Before the cluster exists, and whenever the answer is an error: keep the targets that were good.
            LogLookupFailed(service.Service, error.Message);
            return _targets.GetValueOrDefault(service) ?? [];
        }
    }

    private async Task<IReadOnlyList<string>> FindTargetsAsync(PublishedService service, CancellationToken stop)
    {
        var caller = Caller.Platform(cloud.Settings.AccountId);
        var listed = await cloud.CallAsync(EcsOperations.ListTasks, new()
        {
            Cluster = service.Cluster, ServiceName = service.Service, DesiredStatus = "RUNNING", MaxResults = MaximumTasks,
        }, caller, service.Region, stop);
        if (listed.TaskArns is not { Count: > 0 } arns)
        {
            return [];
        }
        var described = await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Cluster = service.Cluster, Tasks = arns }, caller, service.Region, stop);
        var running = (described.Tasks ?? []).Where(task => task.LastStatus == "RUNNING" && task.DesiredStatus == "RUNNING").ToArray();
        // Tasks without health checks stay UNKNOWN for ever, those with checks are UNKNOWN at first: the healthy ones come before them.
        var healthy = running.Where(task => task.HealthStatus == "HEALTHY").ToArray();
        var ready = healthy.Length > 0 ? healthy : running.Where(task => task.HealthStatus is null or "UNKNOWN");
        return [.. ready.SelectMany(task => Addresses(task, service.ContainerPort)).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Addresses(EcsTask task, int containerPort) =>
        from container in task.Containers ?? []
        from binding in container.NetworkBindings ?? []
        where binding.ContainerPort == containerPort && binding.HostPort is > 0
        let address = binding.BindIP is null or "" or "0.0.0.0" or "::" ? "127.0.0.1" : binding.BindIP
        select $"http://{address}:{binding.HostPort}/";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Front door of {Service}: {Target} answered {Outcome}")]
    private partial void LogForwardFailed(string service, string target, ForwarderError outcome);

    [LoggerMessage(Level = LogLevel.Error, Message = "The change feed ended; front doors look for their tasks every {Seconds} s from here on")]
    private partial void LogWatchFailed(double seconds, Exception error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Front door of {Service} could not look up its tasks: {Reason}")]
    private partial void LogLookupFailed(string service, string reason);
}
