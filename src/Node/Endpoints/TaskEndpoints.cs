using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Node.Engines;
using Longspan.Node.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Endpoints;

/// <summary>
/// What containers ask their node: task credentials, and metadata version 3 and 4. Ids in the paths are unguessable and are the only
/// authorization, as on Amazon's agent; the listener is reachable from the node's own bridge only.
/// </summary>
/// <param name="isCutOff">Whether the server cannot be reached: offline credentials are for nothing else.</param>
internal sealed class TaskEndpoints(
    NodeSettings settings, ContainerEngine engine, CredentialStore credentials, Func<bool> isCutOff, ILogger log) : IAsyncDisposable
{
    private const int MaxConnections = 512;
    private const int MaxTold = 1000;
    private static readonly TimeSpan TellAgain = TimeSpan.FromMinutes(10);
    private readonly Dictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);
    private readonly TaskProtection _protection = new(settings, credentials);
    private WebApplication? _app;

    /// <summary>Set once the task engine exists; requests before that get a 503.</summary>
    public TaskEngine? Tasks { get; set; }

    public Control.ControlPlane? Server { get; set; }

    public Control.SavedInstance? Instance { get; set; }

    /// <summary>Listens; <paramref name="wanted"/> with port 0 takes any free port.</summary>
    public async Task<IPEndPoint> StartAsync(IPEndPoint wanted, CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(wanted, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.AddServerHeader = false;
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync(stop);
        _app = app;
        var address = new Uri(app.Urls.First());
        return new IPEndPoint(wanted.Address, address.Port);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = (http.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            switch (path)
            {
                case ["v1" or "v2", "credentials", ..]:
                    await CredentialsAsync(http, path.Length > 2 ? path[2] : http.Request.Query["id"].ToString());
                    break;
                case ["v3" or "v4", var id, .. var rest]:
                    await MetadataAsync(http, path[0], id, rest);
                    break;
                case ["api", var id, "task-protection", "v1", "state"]:
                    var (status, body) = await _protection.AnswerAsync(http.Request, RunnerOf(id), Server);
                    await JsonAsync(http, status, body);
                    break;
                default:
                    await TextAsync(http, 404, "\"not found\"");
                    break;
            }
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException)
        {
            if (!http.Response.HasStarted)
            {
                await TextAsync(http, 500, "\"the container engine did not answer\"");
            }
        }
    }

    private async Task CredentialsAsync(HttpContext http, string id)
    {
        if (Current(id) is { } found)
        {
            await JsonAsync(http, 200, new JsonObject
            {
                ["RoleArn"] = found.RoleArn, ["AccessKeyId"] = found.AccessKeyId, ["SecretAccessKey"] = found.SecretAccessKey,
                ["Token"] = found.SessionToken, ["Expiration"] = found.Expiration,
            });
            return;
        }
        // A task that is known but whose keys have not arrived yet (the node has just started) is told to ask again.
        var expected = Tasks?.Runners.Any(r => !r.IsOver && (r.Task.RoleCredentialsId == id || r.Task.ExecutionCredentialsId == id)) == true;
        var (status, code, text) = id.Length == 0 ? (400, "NoIdInRequest", "No Credential ID in the request")
            : expected ? (503, "CredentialsUninitialized", "Credentials uninitialized for ID")
            : (400, "InvalidIdInRequest", "Credentials not found");
        await JsonAsync(http, status, new JsonObject { ["code"] = code, ["message"] = $"CredentialsV2Request: {text}", ["HTTPErrorCode"] = status });
    }

    /// <summary>
    /// The usual keys; offline ones in their place once they have ended or are gone with a restart of the node. Without such, ended ones
    /// are served all the same, as Amazon's agent does: the service that is called says best that they are too old.
    /// </summary>
    private AgentLink.IAMRoleCredentials? Current(string id)
    {
        var now = settings.Time.GetUtcNow();
        var usual = credentials.Get(id);
        var ended = credentials.ExpiryOf(id);
        if (usual is not null && !(ended <= now))
        {
            return usual;
        }
        if (isCutOff() && credentials.Offline.Serve(id, out var isFirst) is { } offline)
        {
            if (isFirst)
            {
                log.LogWarning(
                    "Task {Task} gets offline credentials of {Role}: its usual ones have ended and the server cannot be reached", TaskOf(id), offline.RoleArn);
            }
            return offline;
        }
        if (usual is not null)
        {
            TellExpired(id, usual, ended!.Value, now);
        }
        return usual;
    }

    private string? TaskOf(string id) =>
        Tasks?.Runners.FirstOrDefault(r => r.Task.RoleCredentialsId == id || r.Task.ExecutionCredentialsId == id)?.Task.Id;

    private void TellExpired(string id, AgentLink.IAMRoleCredentials found, DateTimeOffset expired, DateTimeOffset now)
    {
        lock (_told)
        {
            if (_told.TryGetValue(id, out var last) && now - last < TellAgain)
            {
                return;
            }
            if (_told.Count >= MaxTold)
            {
                _told.Clear();
            }
            _told[id] = now;
        }
        log.LogWarning(
            "Task {Task} uses credentials of {Role} that ended at {Expired}. They are renewed when the server can be reached",
            TaskOf(id), found.RoleArn, expired);
    }

    private async Task MetadataAsync(HttpContext http, string version, string id, string[] rest)
    {
        var runner = RunnerOf(id);
        var container = runner?.Task.Containers.First(c => c.MetadataId == id);
        if (runner is null || container is null)
        {
            await TextAsync(http, 404, $"\"V{version[1..]} container metadata handler: unable to find the container of this id\"");
            return;
        }
        var documents = new MetadataDocuments(settings, engine, Instance, version == "v4");
        switch (rest)
        {
            case []:
                await JsonAsync(http, 200, await documents.ContainerAsync(runner, container, http.RequestAborted));
                break;
            case ["task"] or ["taskWithTags"]:
                await JsonAsync(http, 200, await documents.TaskAsync(runner, http.RequestAborted));
                break;
            case ["stats"]:
                await TextAsync(http, 200, await documents.StatsAsync(container, http.RequestAborted));
                break;
            case ["task", "stats"]:
                await JsonAsync(http, 200, await documents.TaskStatsAsync(runner, http.RequestAborted));
                break;
            default:
                await TextAsync(http, 404, "\"not found\"");
                break;
        }
    }

    private TaskRunner? RunnerOf(string id) => Tasks?.Runners.FirstOrDefault(r => r.Task.Containers.Any(c => c.MetadataId == id));

    private static Task JsonAsync(HttpContext http, int status, JsonNode body) => TextAsync(http, status, body.ToJsonString(s_json));

    private static readonly JsonSerializerOptions s_json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static Task TextAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
            log.LogDebug("Task endpoints closed");
        }
    }
}
