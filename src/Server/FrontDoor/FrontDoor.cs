using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
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
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);
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
        foreach (var service in services)
        {
            _loops.Add(Task.Run(() => FollowAsync(service)));
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

    private async Task FollowAsync(PublishedService service)
    {
        using var timer = new PeriodicTimer(Refresh, cloud.Clock);
        try
        {
            do
            {
                await LookAsync(service, _stop.Token);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
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

    [LoggerMessage(Level = LogLevel.Debug, Message = "Front door of {Service} could not look up its tasks: {Reason}")]
    private partial void LogLookupFailed(string service, string reason);
}
