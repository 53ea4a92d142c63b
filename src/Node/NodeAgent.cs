using System.Net;
using System.Net.Sockets;
using Longspan.Api.Shapes;
using Longspan.Node.Control;
using Longspan.Node.Endpoints;
using Longspan.Node.Engines;
using Longspan.Node.Engines.Docker;
using Longspan.Node.Engines.Fake;
using Longspan.Node.Identity;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Microsoft.Extensions.Logging;

namespace Longspan.Node;

/// <summary>
/// A Longspan node: joins a cluster, runs the tasks that it is given, and keeps them running whether or not the server can be reached.
/// It only dials out. Ending it leaves its containers running; the next start takes them up again.
/// </summary>
public sealed partial class NodeAgent : IAsyncDisposable
{
    public static string Version { get; } = typeof(NodeAgent).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingInterval = TimeSpan.FromMinutes(5);

    private readonly NodeSettings _settings;
    private readonly ILogger _log;
    private readonly ContainerEngine _engine;
    private readonly StateFolder _state;
    private readonly ServerTrust _trust;
    private readonly ContainerTrust? _containerTrust;
    private readonly HttpMessageHandler _handler;
    private readonly HttpClient _http;
    private readonly HttpClient _reports;
    private readonly ManagedInstance? _machine;
    private readonly KeysFile? _keysFile;
    private readonly CredentialStore _credentials;
    private readonly LinkState _link;
    private readonly TaskEndpoints _endpoints;
    private readonly MetadataRedirect _redirect;
    private bool _redirected;

    private NodeAgent(NodeSettings settings, ILogger log, ContainerEngine engine, StateFolder state)
    {
        _settings = settings;
        _log = log;
        _engine = engine;
        _state = state;
        _link = new LinkState(settings.Time);
        _credentials = new CredentialStore(new OfflineGrants(state, settings.Time));
        var containers = ContainerTrust.For(settings, state.File("container-trust"));
        _trust = ServerPin.Trust(settings, state, maySave: true, authorities =>
        {
            containers?.Place(authorities);
            if (settings.RegistryCertificates is { } folder)
            {
                RegistryAuthority.Place(folder, settings.Endpoint, authorities, log);
            }
        });
        // Where the machine's trust store decides, images have one of their own that does.
        _containerTrust = _trust.IsNamed ? containers : null;
        _handler = _trust.Guard(new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1) });
        _http = new HttpClient(_handler) { Timeout = CallTimeout };
        _reports = new HttpClient(ReportConnections.Handler(ConnectTimeout, _link, _trust)) { Timeout = CallTimeout };
        _keysFile = settings.KeysFile is { } path ? new KeysFile(path, settings.KeysProfile) : null;
        _machine = settings.IsExternal
            ? new ManagedInstance(state, _http, settings.Endpoint, settings.Region, settings.Time) : null;
        _endpoints = new TaskEndpoints(settings, engine, _credentials, () => _link.IsCutOff, log);
        _redirect = new MetadataRedirect(settings.Name, settings.BridgeNamespace, log);
    }

    /// <summary>Runs a node until stopped or until it cannot go on.</summary>
    public static Task<NodeOutcome> RunAsync(NodeSettings settings, ILogger log, CancellationToken stop) =>
        RunAsync(settings, log, null, stop);

    /// <param name="engine">An engine to use in place of the settings' own; the caller disposes it.</param>
    public static async Task<NodeOutcome> RunAsync(NodeSettings settings, ILogger log, ContainerEngine? engine, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(settings);
        StateFolder state;
        try
        {
            state = StateFolder.Open(settings.StateFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogError("{Message}", e.Message);
            return NodeOutcome.Misconfigured;
        }
        using var held = state;
        if (File.Exists(state.File(ManagedInstance.FileName)))
        {
            // What has joined by activation stays what it is, whatever keys lie around in its environment.
            settings = settings with { Keys = null, KeysFile = null };
        }
        var own = engine is null ? MakeEngine(settings) : null;
        // The engine keeps the machine's time, as its events and logs do; everything that the server sees or checks goes by the server's.
        settings = settings with { Time = new ServerClock(settings.Time) };
        try
        {
            await using var node = new NodeAgent(settings, log, engine ?? own!, state);
            return await node.RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return NodeOutcome.Stopped;
        }
        catch (RegistrationRefusedException e)
        {
            log.LogError("{Message}", e.Message);
            return NodeOutcome.RegistrationRefused;
        }
        catch (Exception e) when (e is InvalidDataException or SocketException or IOException)
        {
            log.LogError("{Message}", e.Message);
            return NodeOutcome.Misconfigured;
        }
        finally
        {
            if (own is not null)
            {
                await own.DisposeAsync();
            }
        }
    }

    private static ContainerEngine MakeEngine(NodeSettings settings) => settings.Engine == EngineKind.Fake
        ? new FakeEngine(settings.Name, settings.Time)
        : new DockerEngine(settings.DockerHost, settings.Name, settings.Time);

    private async Task<NodeOutcome> RunAsync(CancellationToken stop)
    {
        if (_machine is { IsRegistered: true } && _settings.Activation is not null && await _machine.IsUnknownAsync(stop))
        {
            _log.LogWarning("The server does not know {Instance}; joining anew with the activation", _machine.InstanceId);
            _machine.Reset();
        }
        if (_machine is { IsRegistered: false })
        {
            await JoinAsync(stop);
        }
        var description = await WaitForEngineAsync(stop);
        var server = new ControlPlane(_http, _settings.Endpoint, _settings.Region, KeysAsync, _settings.Time);
        var reports = new ControlPlane(_reports, _settings.Endpoint, _settings.Region, KeysAsync, _settings.Time);
        var registration = new InstanceRegistration(_settings, _state, server, _log);
        var baseUrl = await OpenEndpointsAsync(stop);
        // Ended by LeaveAsync: draining needs everything to go on for a while after the wish to stop.
        using var session = new CancellationTokenSource();
        await using var outputs = MakeOutputs(session.Token);
        await using var reporter = new StateReporter(
            (task, report, s) => reports.SubmitAsync(_settings.Cluster, task, report, s),
            _settings.RetryLimit, _settings.Time, _log, session.Token);
        await using var tasks = MakeTasks(server, registration, description, baseUrl, reporter, outputs);
        _endpoints.Tasks = tasks;
        _endpoints.Server = server;
        _endpoints.Instance = registration.Saved;
        _link.Reunited = () =>
        {
            reporter.Reunite();
            outputs.Reunite();
        };
        _link.Lost = tasks.Wake;
        _link.LostLogEvents = () => outputs.Lost;
        _link.SpooledLogBytes = () => outputs.SpooledBytes;
        tasks.Restore();
        var leaving = LeaveAsync(server, registration, tasks, session, stop);
        try
        {
            var watching = tasks.WatchAsync(session.Token);
            var serving = ServeAsync(server, registration, description, tasks, session.Token);
            await await Task.WhenAny(watching, serving, leaving);
            return NodeOutcome.Stopped;
        }
        finally
        {
            await session.CancelAsync();
            await leaving;
        }
    }

    /// <summary>Uses the activation. A refusal is final; anything else is tried again.</summary>
    private async Task JoinAsync(CancellationToken stop)
    {
        var activation = _settings.Activation ?? throw new RegistrationRefusedException(
            "this machine has not joined yet: give an activation id and code, or keys");
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), _settings.RetryLimit);
        string? told = null;
        while (true)
        {
            try
            {
                await _machine!.RegisterAsync(activation, stop);
                _log.LogInformation("Joined as {Instance}", _machine.InstanceId);
                return;
            }
            catch (AwsError e) when (e.Code is "InvalidActivation" or "InvalidActivationId" or "ActivationExpired" or "ValidationException")
            {
                var text = e.Message.Length > 0 ? $" ({e.Message})" : "";
                throw new RegistrationRefusedException(
                    $"the server refused {activation}: {e.Code}{text}. Check the id and the code, or create a new activation");
            }
            catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
            {
                if (told != e.Message)
                {
                    told = e.Message;
                    _log.LogWarning("Cannot join at {Endpoint} yet: {Message}; trying again", _settings.Endpoint, e.Message);
                }
                await Task.Delay(backoff.Next(), _settings.Time, stop);
            }
        }
    }

    private async Task<EngineDescription> WaitForEngineAsync(CancellationToken stop)
    {
        var told = false;
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));
        while (true)
        {
            try
            {
                return await _engine.DescribeAsync(stop);
            }
            catch (EngineException e)
            {
                if (!told)
                {
                    told = true;
                    _log.LogWarning("No container engine at {Host} yet: {Message}; trying again", _settings.DockerHost, e.Message);
                }
                await Task.Delay(backoff.Next(), _settings.Time, stop);
            }
        }
    }

    /// <summary>The server side of the node's life: registers, connects, and registers again if the server has forgotten it.</summary>
    private async Task ServeAsync(
        ControlPlane server, InstanceRegistration registration, EngineDescription description, TaskEngine tasks, CancellationToken stop)
    {
        var control = new ControlSession(_settings, tasks, _credentials, KeysAsync, _trust, _link, _log);
        var pinging = PingAsync(server, stop);
        while (!stop.IsCancellationRequested)
        {
            var before = registration.Saved?.ContainerInstanceArn;
            var instance = await registration.RegisterAsync(description, stop);
            if (before is not null && before != instance.ContainerInstanceArn)
            {
                tasks.ForgetGeneration();
            }
            _endpoints.Instance = instance;
            await ReturnAsync(server, instance, stop);
            var endpoints = await DiscoverAsync(server, instance, stop);
            using var session = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var telemetry = new TelemetrySession(_settings, tasks, _engine, KeysAsync, _trust, _log)
                .RunAsync(endpoints.TelemetryEndpoint ?? endpoints.Endpoint!, instance, description, session.Token);
            await control.RunAsync(endpoints.Endpoint!, instance, description, stop);
            await session.CancelAsync();
            await telemetry;
        }
        await pinging;
    }

    private async Task<Api.Ecs.DiscoverPollEndpointResponse> DiscoverAsync(ControlPlane server, SavedInstance instance, CancellationToken stop)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), _settings.RetryLimit);
        while (true)
        {
            try
            {
                var found = await server.DiscoverAsync(_settings.Cluster, instance.ContainerInstanceArn, stop);
                if (found.Endpoint is { Length: > 0 })
                {
                    return found;
                }
                _log.LogWarning("The server named no control endpoint. Trying again");
            }
            catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
            {
                _log.LogWarning("Cannot discover the control endpoint yet: {Message}; trying again", e.Message);
            }
            await Task.Delay(backoff.Next(), _settings.Time, stop);
        }
    }

    /// <summary>Systems Manager's sign of life of an external machine.</summary>
    private async Task PingAsync(ControlPlane server, CancellationToken stop)
    {
        while (_machine is not null && !stop.IsCancellationRequested)
        {
            var pause = PingInterval;
            try
            {
                await server.PingAsync(_machine.InstanceId, stop);
            }
            catch (Exception e) when (e is AwsError or HttpRequestException or InvalidDataException or IOException
                or OperationCanceledException && !stop.IsCancellationRequested)
            {
                _log.LogDebug("Ping: {Message}", e.Message);
                pause = TimeSpan.FromSeconds(20);
            }
            await Task.Delay(pause, _settings.Time, stop);
        }
    }

    private ValueTask<AwsCredentials> KeysAsync(CancellationToken stop)
    {
        if (_machine is not null)
        {
            return _machine.KeysAsync(stop);
        }
        if (_keysFile is not null)
        {
            return ValueTask.FromResult(_keysFile.Read());
        }
        var keys = _settings.Keys!;
        return ValueTask.FromResult(new AwsCredentials(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _endpoints.DisposeAsync();
        if (_redirected)
        {
            await _redirect.TryRemoveAsync();
        }
        _machine?.Dispose();
        _reports.Dispose();
        _http.Dispose();
    }
}
