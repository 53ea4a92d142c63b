using System.Text.Json;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// The two websockets of the agent link. Both are signed like any AWS call (service <c>ecs</c>). Agents keep these addresses for
/// twelve hours, so the paths are frozen.
/// </summary>
internal sealed partial class LinkEndpoints(Cloud cloud, SessionRegistry sessions, Turns turns, ILogger log) : IDisposable
{
    public const string ControlPath = "/ecs/acs";
    public const string TelemetryPath = "/ecs/tcs";
    public const int MaximumSessions = 10_000;
    /// <summary>An agent that is back within this time was never shown as disconnected.</summary>
    public static readonly TimeSpan DisconnectDebounce = TimeSpan.FromSeconds(2);

    private readonly ILogger _log = log;
    private readonly CancellationTokenSource _ending = new();
    private CancellationTokenRegistration _hostStops;

    public void Map(IEndpointRouteBuilder routes, RequestAuthenticator authenticate)
    {
        // The host waits for open requests before it stops, and these never end by themselves.
        _hostStops = routes.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(End) ?? default;
        MapSocket(routes, ControlPath + "/ws", (http, stop) => ControlAsync(http, authenticate, stop));
        MapSocket(routes, TelemetryPath + "/ws", (http, stop) => TelemetryAsync(http, authenticate, stop));
    }

    /// <summary>The server is going away: ends every session, so that agents dial again.</summary>
    public void End()
    {
        sessions.EndAll("The server is stopping.");
        _ending.Cancel();
    }

    public void Dispose()
    {
        _hostStops.Dispose();
        _ending.Dispose();
    }

    // The websocket middleware is put in front of these two endpoints only: nothing else of the server upgrades.
    private void MapSocket(IEndpointRouteBuilder routes, string path, Func<HttpContext, CancellationToken, Task> handle)
    {
        var pipeline = routes.CreateApplicationBuilder();
        // The agents' own protocol has heartbeats; pings beside them would only hide a stuck agent.
        pipeline.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        pipeline.Run(async http =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _ending.Token);
            await handle(http, either.Token);
        });
        routes.MapGet(path, pipeline.Build());
    }

    private async Task ControlAsync(HttpContext http, RequestAuthenticator authenticate, CancellationToken stop)
    {
        if (await OpenAsync(http, authenticate, "clusterArn", "containerInstanceArn", stop) is not { } link)
        {
            return;
        }
        using var socket = new LinkSocket(await http.WebSockets.AcceptWebSocketAsync(), cloud.Clock);
        using var session = new ControlSession(link, socket, stop);
        sessions.Connect(link.Key, session);
        LogConnected(link.Instance.Id, link.Instance.ClusterName);
        try
        {
            await InstanceChange.ApplyAsync(cloud.Documents, link.Scope, link.Instance.Id, i => Connected(i, link), stop);
            await session.RunAsync();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            sessions.Disconnect(link.Key, session);
        }
        await MarkDisconnectedAsync(link, session.SilentSince);
    }

    private ContainerInstanceDocument Connected(ContainerInstanceDocument instance, LinkContext link)
    {
        var known = instance.AgentConnected
            && (link.AgentVersion is null || link.AgentVersion == instance.AgentVersion)
            && (link.DockerVersion is null || link.DockerVersion == instance.DockerVersion);
        return known ? instance : instance.WithConnection(true, cloud.Clock.GetUtcNow()) with
        {
            AgentVersion = link.AgentVersion ?? instance.AgentVersion, DockerVersion = link.DockerVersion ?? instance.DockerVersion,
        };
    }

    // Liveness itself makes no revisions: only "lost", once an agent has not come back for a moment, and "back".
    private async ValueTask MarkDisconnectedAsync(LinkContext link, DateTimeOffset? silentSince)
    {
        var ended = silentSince ?? cloud.Clock.GetUtcNow();
        try
        {
            await Task.Delay(DisconnectDebounce, cloud.Clock, _ending.Token);
            if (!sessions.IsConnected(link.Key))
            {
                await InstanceChange.ApplyAsync(cloud.Documents, link.Scope, link.Instance.Id,
                    i => i.AgentConnected && !sessions.IsConnected(link.Key) ? i.WithConnection(false, cloud.Clock.GetUtcNow(), ended) : i, _ending.Token);
                LogDisconnected(link.Instance.Id, link.Instance.ClusterName);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The server is going down: it is not the agent that was lost. It shows as lost only if it fails to come back.
        }
    }

    private async Task TelemetryAsync(HttpContext http, RequestAuthenticator authenticate, CancellationToken stop)
    {
        if (await OpenAsync(http, authenticate, "cluster", "containerInstance", stop) is not { } link)
        {
            return;
        }
        using var socket = new LinkSocket(await http.WebSockets.AcceptWebSocketAsync(), cloud.Clock);
        await new TelemetrySession(link, socket).RunAsync(stop);
    }

    /// <summary>Checks the handshake and finds its instance; answers the refusal itself and returns null.</summary>
    private async ValueTask<LinkContext?> OpenAsync(
        HttpContext http, RequestAuthenticator authenticate, string clusterKey, string instanceKey, CancellationToken stop)
    {
        try
        {
            if (!http.WebSockets.IsWebSocketRequest)
            {
                throw new AwsError("BadRequestException", "A websocket handshake is expected here.");
            }
            if (sessions.Count >= MaximumSessions)
            {
                throw new AwsError("ServerException", "Too many sessions.", 503);
            }
            var (caller, region) = await authenticate(http, "ecs", stop);
            var query = http.Request.Query;
            var cluster = EcsNames.Cluster(query[clusterKey]);
            var id = EcsNames.Member(query[instanceKey], "container-instance", cluster);
            var scope = $"{caller.AccountId}/{region}/{cluster}";
            var instance = (await cloud.Documents.GetAsync(EcsKinds.Instance, scope, id, stop))?.Value
                ?? throw new AwsError("InvalidInstanceException", "The container instance is not registered.");
            if (!instance.BelongsTo(caller))
            {
                throw new AwsError("AccessDeniedException", "The container instance was registered by another identity.");
            }
            if (instance.Status == ContainerInstanceDocument.Inactive)
            {
                throw new AwsError("InactiveInstanceException", "The container instance was deregistered.");
            }
            var account = new CallScope(caller.AccountId, region);
            return new LinkContext
            {
                Cloud = cloud,
                Sessions = sessions,
                Turns = turns,
                Log = _log,
                Account = account,
                Scope = scope,
                ClusterArn = account.Arn($"cluster/{cluster}"),
                Instance = instance,
                Endpoint = RequestEndpoint.Of(http.Request, cloud.Settings.Endpoint),
                SendCredentials = query["sendCredentials"] == "true",
                AgentVersion = (string?)query["agentVersion"],
                DockerVersion = (string?)query["dockerVersion"],
            };
        }
        catch (AwsError refusal)
        {
            http.Response.StatusCode = refusal.HttpStatus;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(BodyOf(refusal), stop);
            return null;
        }
    }

    // The form in which agents look for the exception's name.
    private static string BodyOf(AwsError refusal)
    {
        var text = JsonEncodedText.Encode(refusal.Message);
        return $$$"""{"type":"{{{refusal.Code}}}","message":{"message":"{{{text}}}"}}""";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Container instance {Instance} of cluster {Cluster} is connected")]
    private partial void LogConnected(string instance, string cluster);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container instance {Instance} of cluster {Cluster} is disconnected")]
    private partial void LogDisconnected(string instance, string cluster);
}
