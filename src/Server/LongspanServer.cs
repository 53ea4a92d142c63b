using System.Net;
using System.Net.Sockets;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Audit;
using Longspan.Kernel.Reconcilers;
using Longspan.Server.Endpoint;
using Longspan.Server.Transport;
using Longspan.Services.Ecs;
using Longspan.Store;
using Longspan.Wire.Recognition;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Longspan.Server;

/// <summary>
/// A running server: the composition root. Everything that is built once is built here, in the order in which it depends on each
/// other, and closed in the opposite order. Tests start it in their own process; the command line does the same.
/// </summary>
public sealed class LongspanServer : IAsyncDisposable
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(10);
    /// <summary>Calls that work end in this time; those that are left are waiting.</summary>
    private static readonly TimeSpan CallGrace = TimeSpan.FromMilliseconds(500);

    private readonly WebApplication _app;
    private readonly Opened _opened;

    private LongspanServer(WebApplication app, Opened opened, Uri endpoint, BootstrapOutcome account)
    {
        (_app, _opened) = (app, opened);
        (Endpoint, CredentialsFile) = (endpoint, account.CredentialsPath);
        NewAccessKeyId = account.SecretAccessKey is null ? null : account.AccessKeyId;
    }

    /// <summary>Where clients on this machine reach it; the first address of <see cref="ServerSettings.Bind"/>.</summary>
    public Uri Endpoint { get; }
    /// <summary>AWS shared-credentials file with the administrator's keys, profile <c>default</c>.</summary>
    public string CredentialsFile { get; }
    /// <summary>The administrator's key, if this start has made it: the one moment to tell of it.</summary>
    public string? NewAccessKeyId { get; }

    /// <summary>Ready when it returns: state is open, passes run, the port listens.</summary>
    public static async Task<LongspanServer> StartAsync(ServerSettings settings, CancellationToken stop)
    {
        var faults = settings.Faults().ToArray();
        if (faults.Length > 0)
        {
            throw new SettingsException(faults);
        }
        var opened = new Opened();
        try
        {
            return await StartAsync(settings, opened, stop);
        }
        catch
        {
            await opened.AbandonAsync();
            throw;
        }
    }

    private static async Task<LongspanServer> StartAsync(ServerSettings settings, Opened opened, CancellationToken stop)
    {
        var store = opened.Add(await StoreFolder.OpenAsync(settings.DataFolder, settings.Clock, keyCommand: settings.KeyCommand, stop: stop));
        var bodies = opened.Own(new BodyReader());
        var closing = opened.Own(new CancellationTokenSource());
        var rates = opened.Own(new RateLimits(settings.RateLimit));
        var gate = settings.AcceptAnyCredentials ? opened.Own(new CallGate()) : null;
        var app = opened.Add(Build(settings));
        var log = app.Services.GetRequiredService<ILoggerFactory>();
        var port = settings.Port == 0 ? FreePort(settings.Bind[0]) : settings.Port;
        var endpoint = EndpointOf(settings, port);
        var certificates = settings.Bind.Any(settings.IsEncrypted) ? opened.Add(ServerCertificates.Open(settings, log.CreateLogger<ServerCertificates>())) : null;
        var cloud = new Cloud(store.Documents, settings.Clock, new CloudSettings(settings.AccountId, endpoint, store.Path) { AwsStrict = settings.AwsStrict })
        {
            Audit = new AuditTrail(store.Records, log.CreateLogger<AuditTrail>()),
            Refusals = new AuthorizationMessages(store.Sealer),
        };
        opened.OnClose(() => cloud.Uses.WriteAsync(CancellationToken.None));
        var tokens = new SessionTokens(store.Sealer);
        var bootstrap = new AccountBootstrap(store.Documents, settings.Clock, cloud.Settings);
        var account = await bootstrap.EnsureAsync(settings.Region, stop);
        var modules = Modules.Create(cloud, store, tokens, log);
        var keys = new AccessKeys(store.Documents, tokens, settings.Clock, settings.AccountId, settings.AcceptAnyCredentials)
        {
            Offline = modules.OfType<EcsModule>().Single().AcceptsAsync,
        };
        foreach (var module in modules)
        {
            opened.OnClose(module.StopAsync);
        }
        foreach (var module in modules)
        {
            cloud.Add(module);
            await module.StartAsync(stop);
        }
        var authentication = new Authentication(keys, modules, cloud.Uses, settings.Region, settings.Clock);
        var reconcilers = opened.Add(new ReconcilerDriver(
            store.Documents, [.. modules.SelectMany(module => module.Reconcilers), new LastUseReconciler(cloud.Uses)], settings.Clock, log.CreateLogger<ReconcilerDriver>()));
        var frontDoor = opened.Add(
            new FrontDoor.FrontDoor(cloud, app.Services.GetRequiredService<IHttpForwarder>(), log.CreateLogger<FrontDoor.FrontDoor>()));
        var aws = new AwsEndpoint(cloud, new Recogniser([.. modules.Select(module => module.Schema)]), authentication, rates, bodies, gate, log.CreateLogger<AwsEndpoint>(), closing.Token);
        var reset = gate is null ? null : new ResetEndpoint(store, modules, keys, cloud.Uses, bootstrap, gate, settings);

        UseFrontDoors(app, settings, frontDoor);
        if (settings.AcceptAnyCredentials)
        {
            app.Use((http, next) => ForeignPages.IsAsking(http.Request) ? ForeignPages.RefuseAsync(http) : next(http));
        }
        app.MapGet("/health", HealthEndpoint.HandleAsync);
        if (certificates is not null)
        {
            app.MapGet(AuthorityEndpoint.Path, http => AuthorityEndpoint.HandleAsync(http, certificates));
        }
        if (reset is not null)
        {
            app.MapPost("/_longspan/reset", reset.HandleAsync);
        }
        foreach (var module in modules)
        {
            module.MapEndpoints(app, authentication.VerifyAsync, authentication.VerifyFrameAsync);
        }
        app.MapFallback("{**path}", aws.HandleAsync);

        Listeners.Add(
            app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value, settings, settings.Publish.Select(service => service.Port).Prepend(port), certificates);
        // The ports first: a server that cannot have them must not have acted on the folder's state before it says so.
        await app.StartAsync(stop);
        reconcilers.Start();
        frontDoor.Start(settings.Publish);
        opened.OnClose(() => StopServingAsync(app, closing));
        return new LongspanServer(app, opened, endpoint, account);
    }

    /// <summary>Returns when the token is cancelled. What is in flight then is <see cref="DisposeAsync"/>'s to end.</summary>
    public async Task WaitForEndAsync(CancellationToken stop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var asked = stop.Register(() => ended.TrySetResult());
        using var failed = _app.Lifetime.ApplicationStopping.Register(() => ended.TrySetResult());
        await ended.Task;
    }

    public ValueTask DisposeAsync() => _opened.DisposeAsync();

    private static async ValueTask StopServingAsync(WebApplication app, CancellationTokenSource closing)
    {
        using var limit = new CancellationTokenSource(ShutdownLimit);
        closing.CancelAfter(CallGrace);
        await app.StopAsync(limit.Token);
    }

    private static WebApplication Build(ServerSettings settings)
    {
        // Nothing of the host's environment, arguments or working directory steers the server: settings are the only way in.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = settings.DataFolder });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            Listeners.Bound(kestrel.Limits, settings.Limits);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddHttpForwarder();
        builder.Logging.AddSimpleConsole(format =>
        {
            format.SingleLine = true;
            format.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            format.UseUtcTimestamp = true;
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning)
            // With this category on, each request would carry an Activity and a logging scope that nobody reads.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            // Failures to start are thrown, and told in words by whoever starts the server.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        return builder.Build();
    }

    private static void UseFrontDoors(WebApplication app, ServerSettings settings, FrontDoor.FrontDoor frontDoor)
    {
        var published = settings.Publish.ToDictionary(service => service.Port);
        if (published.Count > 0)
        {
            app.Use((http, next) => published.TryGetValue(http.Connection.LocalPort, out var service) ? frontDoor.ForwardAsync(http, service) : next(http));
        }
    }

    private static Uri EndpointOf(ServerSettings settings, int port)
    {
        var address = settings.Bind[0];
        // What stands for all addresses is none that a client could call.
        var called = address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
        return new Uri($"{(settings.IsEncrypted(address) ? "https" : "http")}://{new IPEndPoint(called, port)}");
    }

    // The endpoint must be known before the modules are built, so Kestrel's own port 0 comes too late.
    private static int FreePort(IPAddress address)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
