using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
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
internal sealed partial class LinkEndpoints(Cloud cloud, SessionRegistry sessions, Turns turns, ServerPresence presence, ILogger log) : IDisposable
{
    public const string ControlPath = "/ecs/acs";
    public const string TelemetryPath = "/ecs/tcs";
    private const string SigningName = "ecs";
    private const string ControlInstanceKey = "containerInstanceArn";
    /// <summary>Of either kind. An instance that connects again replaces its own session and is never too many.</summary>
    public const int MaximumSessions = 10_000;
    /// <summary>An agent that is back within this time was never shown as disconnected.</summary>
    public static readonly TimeSpan DisconnectDebounce = TimeSpan.FromSeconds(2);
    /// <summary>
    /// Pings are for links on which silence is no sign: telemetry of agents that publish nothing when they have nothing, and agents that do
    /// not acknowledge heartbeats. On all others what the protocol makes them send decides, and pings would only hide a stuck agent.
    /// </summary>
    private static readonly TimeSpan PingPeriod = TimeSpan.FromSeconds(60);

    private readonly ILogger _log = log;
    private readonly record struct Absence(long Ended, DateTimeOffset Since);

    private readonly CancellationTokenSource _ending = new();
    private readonly LinkWheel _wheel = new(cloud.Clock);
    /// <summary>When the last session of an instance ended, for those whose return is being waited for, and the waits.</summary>
    private readonly ConcurrentDictionary<string, Absence> _ended = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _waits = new(StringComparer.Ordinal);
    private CancellationTokenRegistration _hostStops;

    public void Map(IEndpointRouteBuilder routes, RequestAuthenticator authenticate, FrameAuthenticator frames)
    {
        // The host waits for open requests before it stops, and these never end by themselves.
        _hostStops = routes.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(End) ?? default;
        MapSocket(routes, ControlPath + "/ws", (http, stop) => ControlAsync(http, authenticate, stop));
        MapSocket(routes, TelemetryPath + "/ws", (http, stop) => TelemetryAsync(http, authenticate, frames, stop));
    }

    /// <summary>The server is going away: ends every session, so that agents dial again.</summary>
    public void End()
    {
        sessions.EndAll("The server is stopping.");
        _ending.Cancel();
    }

    /// <summary>As <see cref="End"/>, and nothing of the link touches the store any more when it returns.</summary>
    public async ValueTask EndAsync()
    {
        End();
        await Task.WhenAll(_waits.Values);
    }

    public void Dispose()
    {
        _hostStops.Dispose();
        _wheel.Dispose();
        _ending.Dispose();
    }

    // The websocket middleware is put in front of these two endpoints only: nothing else of the server upgrades.
    private void MapSocket(IEndpointRouteBuilder routes, string path, Func<HttpContext, CancellationToken, Task> handle)
    {
        var pipeline = routes.CreateApplicationBuilder();
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
        if (await OpenAsync(http, authenticate, "clusterArn", ControlInstanceKey, stop) is not { } link)
        {
            return;
        }
        using var socket = new LinkSocket(await AcceptAsync(http, pings: !link.AcknowledgesHeartbeats), cloud.Clock);
        using var session = new ControlSession(link, socket, stop);
        sessions.Connect(link.Key, session);
        LogConnected(link.Instance.Id, link.Instance.ClusterName);
        try
        {
            var serverAwaySince = await ServerAwaySinceAsync(link, stop);
            await InstanceChange.ApplyAsync(cloud.Documents, link.Scope, link.Instance.Id, i => Connected(i, link, serverAwaySince), stop);
            sessions.Met(link.Key);
            await session.RunAsync();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            sessions.Disconnect(link.Key, session);
        }
        MarkDisconnected(link, session.SilentSince);
    }

    private static Task<System.Net.WebSockets.WebSocket> AcceptAsync(HttpContext http, bool pings) =>
        http.WebSockets.AcceptWebSocketAsync(!pings ? new WebSocketAcceptContext() : new WebSocketAcceptContext
        {
            KeepAliveInterval = PingPeriod, KeepAliveTimeout = PingPeriod,
        });

    /// <summary>Since when no server was there, if this is the instance's first connection since and that matters to it.</summary>
    private async ValueTask<DateTimeOffset?> ServerAwaySinceAsync(LinkContext link, CancellationToken stop)
    {
        if (sessions.HasMet(link.Key) || !link.Instance.HasAttribute(NodeCapability.OfflineCredentials))
        {
            return null;
        }
        var life = await presence.LookAsync(stop);
        return life.Absence > TimeSpan.Zero ? presence.StartedAt - life.Absence : null;
    }

    private ContainerInstanceDocument Connected(ContainerInstanceDocument instance, LinkContext link, DateTimeOffset? serverAwaySince)
    {
        instance = OfflineCredentials.WithReturn(instance, serverAwaySince, cloud.Clock.GetUtcNow());
        var known = instance.AgentConnected
            && (link.AgentVersion is null || link.AgentVersion == instance.AgentVersion)
            && (link.AgentHash is null || link.AgentHash == instance.AgentHash)
            && (link.DockerVersion is null || link.DockerVersion == instance.DockerVersion);
        return known ? instance : instance.WithConnection(true, cloud.Clock.GetUtcNow()) with
        {
            AgentVersion = link.AgentVersion ?? instance.AgentVersion,
            AgentHash = link.AgentHash ?? instance.AgentHash,
            DockerVersion = link.DockerVersion ?? instance.DockerVersion,
        };
    }

    // Not part of the request: an agent that connects and drops in a loop must not collect requests that wait. One wait for each instance.
    private void MarkDisconnected(LinkContext link, DateTimeOffset? silentSince)
    {
        var isFirst = false;
        var absence = new Absence(cloud.Clock.GetTimestamp(), silentSince ?? cloud.Clock.GetUtcNow());
        _ended.AddOrUpdate(link.Key, _ =>
        {
            isFirst = true;
            return absence;
        }, (_, _) =>
        {
            isFirst = false;
            return absence;
        });
        if (isFirst)
        {
            var wait = Task.Run(() => MarkDisconnectedAsync(link));
            _waits[link.Key] = wait;
            _ = wait.ContinueWith(over => _waits.TryRemove(new KeyValuePair<string, Task>(link.Key, over)), TaskScheduler.Default);
        }
    }

    // Liveness itself makes no revisions: only "lost", once an agent has not come back for a moment, and "back".
    private async Task MarkDisconnectedAsync(LinkContext link)
    {
        try
        {
            Absence absence;
            while (true)
            {
                absence = _ended[link.Key];
                var left = DisconnectDebounce - cloud.Clock.GetElapsedTime(absence.Ended);
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left, cloud.Clock, _ending.Token);
                }
                else if (_ended.TryRemove(new KeyValuePair<string, Absence>(link.Key, absence)))
                {
                    break;
                }
            }
            if (!sessions.IsConnected(link.Key))
            {
                await InstanceChange.ApplyAsync(cloud.Documents, link.Scope, link.Instance.Id,
                    i => i.AgentConnected && !sessions.IsConnected(link.Key) ? i.WithConnection(false, cloud.Clock.GetUtcNow(), absence.Since) : i, _ending.Token);
                LogDisconnected(link.Instance.Id, link.Instance.ClusterName);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The server is going down: it is not the agent that was lost. It shows as lost only if it fails to come back.
        }
        catch (Exception error)
        {
            LogNotMarked(link.Instance.Id, error);
        }
    }

    private async Task TelemetryAsync(HttpContext http, RequestAuthenticator authenticate, FrameAuthenticator frames, CancellationToken stop)
    {
        if (await OpenAsync(http, authenticate, "cluster", "containerInstance", stop) is not { } link)
        {
            return;
        }
        using var socket = new LinkSocket(await AcceptAsync(http, pings: !link.IsLongspanNode), cloud.Clock);
        using var session = new TelemetrySession(link, socket, (frame, ended) => frames(http, SigningName, frame, ended), stop);
        sessions.Connect(link.Key, session);
        try
        {
            await session.RunAsync();
        }
        finally
        {
            sessions.Disconnect(link.Key, session);
        }
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
            var (caller, region) = await authenticate(http, SigningName, stop);
            var query = http.Request.Query;
            var cluster = EcsNames.Cluster(query[clusterKey]);
            var id = EcsNames.Member(query[instanceKey], "container-instance", cluster);
            await RequireAsync(http, caller, region, instanceKey == ControlInstanceKey ? "ecs:Poll" : "ecs:StartTelemetrySession", cluster, id, stop);
            var scope = $"{caller.AccountId}/{region}/{cluster}";
            var instance = await EcsMirror.ReadAsync(cloud.Documents, scope, c => c.Node(id)?.Instance.Value, stop)
                ?? throw new AwsError("InvalidInstanceException", "The container instance is not registered.");
            if (!instance.BelongsTo(caller))
            {
                throw new AwsError("AccessDeniedException", "The container instance was registered by another identity.");
            }
            if (instance.Status == ContainerInstanceDocument.Inactive)
            {
                throw new AwsError("InactiveInstanceException", "The container instance was deregistered.");
            }
            var key = SessionRegistry.KeyOf(scope, id);
            var (open, isOpen) = instanceKey == ControlInstanceKey
                ? (sessions.Count, sessions.IsConnected(key)) : (sessions.TelemetryCount, sessions.IsTelemetryConnected(key));
            if (open >= MaximumSessions && !isOpen)
            {
                throw new AwsError("ServerException", "Too many sessions.", 503);
            }
            var account = new CallScope(caller.AccountId, region);
            return new LinkContext
            {
                Cloud = cloud,
                Sessions = sessions,
                Turns = turns,
                Wheel = _wheel,
                Log = _log,
                Account = account,
                Scope = scope,
                ClusterArn = account.Arn($"cluster/{cluster}"),
                Instance = instance,
                Endpoint = RequestEndpoint.Of(http.Request, cloud.Settings.Endpoint),
                SendCredentials = query["sendCredentials"] == "true",
                AcknowledgesHeartbeats = int.TryParse(query["protocolVersion"], out var version) && version >= 2,
                AgentVersion = (string?)query["agentVersion"],
                AgentHash = (string?)query["agentHash"],
                DockerVersion = (string?)query["dockerVersion"],
            };
        }
        catch (AwsError refusal)
        {
            http.Response.StatusCode = refusal.HttpStatus;
            http.Response.ContentType = "application/json";
            var body = Encoding.UTF8.GetBytes(BodyOf(refusal));
            http.Response.ContentLength = body.Length;
            await http.Response.Body.WriteAsync(body, stop);
            return null;
        }
    }

    /// <summary>Asks the policies first: who may not poll at all does not learn which instances there are.</summary>
    private async ValueTask RequireAsync(
        HttpContext http, Caller caller, string region, string action, string cluster, string id, CancellationToken stop)
    {
        var call = new CallContext(cloud, caller, region, Ids.Uuid(), RequestEndpoint.Of(http.Request, cloud.Settings.Endpoint))
        {
            SourceAddress = http.Connection.RemoteIpAddress, UserAgent = http.Request.Headers.UserAgent.ToString(), IsEncrypted = http.Request.IsHttps,
        };
        if (!caller.IsAdministrator)
        {
            var demand = await EcsAccess.InstanceAsync(new EcsContext(call, sessions, turns), action, cluster, id, stop);
            // The websockets are no operations; a refusal is spelled as that of the operation that tells their addresses.
            await cloud.Access.RequireAsync(call, EcsOperations.DiscoverPollEndpoint, [demand], stop);
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

    [LoggerMessage(Level = LogLevel.Error, Message = "Container instance {Instance} could not be marked as disconnected")]
    private partial void LogNotMarked(string instance, Exception error);
}
