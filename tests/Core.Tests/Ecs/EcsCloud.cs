using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecs;
using Longspan.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Core.Tests.Ecs;

/// <summary>ECS alone on a real store in a temporary folder, with its passes running and its websockets on a port of the system's choice.</summary>
internal sealed class EcsCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "eu-central-1";
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly StoreFolder _store;
    private readonly IReadOnlyList<ReconcilerDriver> _drivers;
    private readonly WebApplication _app;
    private readonly string? _folder;
    private readonly EcsModule _module;

    private EcsCloud(StoreFolder store, Cloud cloud, EcsModule module, FakeSts sts, IReadOnlyList<ReconcilerDriver> drivers, WebApplication app,
        string? folder)
    {
        (_store, Cloud, _module, Sts, _drivers, _app, _folder) = (store, cloud, module, sts, drivers, app, folder);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Endpoint = new Uri(address);
    }

    public Cloud Cloud { get; }
    public FakeSts Sts { get; }
    public Uri Endpoint { get; }
    public Caller Caller { get; } = Caller.Platform(Account);
    /// <summary>Who agents are that open a link.</summary>
    public Caller Dialer { get; set; } = Caller.Platform(Account);

    /// <param name="owners">How many drivers run every pass, without knowing of each other.</param>
    /// <param name="folder">An existing folder is opened again and kept; none means a temporary one.</param>
    public static async Task<EcsCloud> StartAsync(string? folder = null, int owners = 1, bool strict = false, AlarmLookup? alarms = null)
    {
        var path = folder ?? Directory.CreateTempSubdirectory("longspan-ecs-").FullName;
        var store = await StoreFolder.OpenAsync(path, TimeProvider.System);
        var cloud = new Cloud(store.Documents, TimeProvider.System, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), path) { AwsStrict = strict });
        var module = new EcsModule(cloud, NullLoggerFactory.Instance, alarms);
        var sts = new FakeSts();
        cloud.Add(module);
        cloud.Add(sts);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        EcsCloud? self = null;
        module.MapEndpoints(
            app, (_, _, _) => ValueTask.FromResult((self?.Dialer ?? Caller.Platform(Account), Region)),
            (_, _, frame, _) => ValueTask.FromResult((self?.Dialer ?? Caller.Platform(Account), frame[(frame.Span.IndexOf("\r\n\r\n"u8) + 4)..])));
        await app.StartAsync();
        var drivers = Enumerable.Range(0, owners).Select(_ => new ReconcilerDriver(
            store.Documents, module.Reconcilers, TimeProvider.System, NullLogger<ReconcilerDriver>.Instance)).ToArray();
        foreach (var driver in drivers)
        {
            driver.Start();
        }
        self = new EcsCloud(store, cloud, module, sts, drivers, app, folder is null ? path : null);
        return self;
    }

    public async Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var call = new CallContext(Cloud, Caller, Region, Ids.Uuid(), Endpoint);
        return (TResponse)await Cloud.DispatchAsync(call, operation, request, CancellationToken.None);
    }

    /// <summary>As a node of ours reports the end of a task.</summary>
    public async Task ReportEndAsync(string task, string connection)
    {
        var call = new CallContext(Cloud, Caller, Region, Ids.Uuid(), Endpoint) { NodeConnection = connection };
        await Cloud.DispatchAsync(
            call, EcsOperations.SubmitTaskStateChange, new SubmitTaskStateChangeRequest { Task = task, Status = "STOPPED" }, CancellationToken.None);
    }

    public static async Task<AwsError> RefusedAsync(Func<Task> call) => await Xunit.Assert.ThrowsAnyAsync<AwsError>(call);

    /// <summary>Waits for a named state; says what was last seen when it does not come.</summary>
    public static async Task<T> UntilAsync<T>(string state, Func<Task<T>> look, Func<T, bool> reached, Func<T, string>? describe = null)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var seen = await look();
            if (reached(seen))
            {
                return seen;
            }
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Not reached: {state}. Last seen: {describe?.Invoke(seen) ?? seen?.ToString()}");
            }
            await Task.Delay(5, CancellationToken.None);
        }
    }

    public async Task<EcsTask> TaskAsync(string arn) =>
        (await CallAsync(EcsOperations.DescribeTasks, new() { Tasks = [arn] })).Tasks!.Single();

    public Task<EcsTask> UntilTaskAsync(string arn, string status) => UntilAsync(
        $"task {status}", () => TaskAsync(arn), t => t.LastStatus == status, t => $"{t.LastStatus}, {t.StoppedReason}");

    public async Task<Service> ServiceAsync(string name) =>
        (await CallAsync(EcsOperations.DescribeServices, new() { Services = [name] })).Services!.Single();

    public Task<Service> UntilServiceAsync(string name, string state, Func<Service, bool> reached) =>
        UntilAsync(state, () => ServiceAsync(name), reached, Describe);

    /// <summary>What the CLI's services-stable waiter looks for, and a completed rollout.</summary>
    public Task<Service> UntilStableAsync(string name, int count) => UntilServiceAsync(
        name, "stable", s => s.Deployments!.Count == 1 && s.RunningCount == count && s.Deployments[0].RolloutState == "COMPLETED");

    private static string Describe(Service s) =>
        $"{s.Status}, {s.RunningCount} running, {s.PendingCount} pending, "
        + string.Join("; ", s.Deployments!.Select(d => $"{d.TaskDefinition} {d.RolloutState} {d.RunningCount}/{d.DesiredCount} failed {d.FailedTasks}"))
        + "; " + string.Join(" | ", s.Events!.Take(5).Select(e => e.Message));

    public async Task<TaskDefinition> RegisterAsync(string family, Action<RegisterTaskDefinitionRequest>? change = null)
    {
        var request = new RegisterTaskDefinitionRequest
        {
            Family = family,
            ContainerDefinitions = [new ContainerDefinition { Name = "main", Image = "busybox", Cpu = 128, Memory = 64 }],
        };
        change?.Invoke(request);
        return (await CallAsync(EcsOperations.RegisterTaskDefinition, request)).TaskDefinition!;
    }

    /// <summary>Ends the server's part; the folder stays when it was given.</summary>
    public async ValueTask DisposeAsync()
    {
        // In the order in which the server closes: the host first, which waits for open requests.
        await _app.StopAsync();
        await _module.StopAsync();
        foreach (var driver in _drivers)
        {
            await driver.DisposeAsync();
        }
        await _app.DisposeAsync();
        _module.Dispose();
        await _store.DisposeAsync();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

/// <summary>STS as far as tasks need it: any role of the account except the one named <c>missing</c>.</summary>
internal sealed class FakeSts : ServiceModule<CallContext>
{
    public FakeSts() : base(StsOperations.Service) => Map(StsOperations.AssumeRole, AssumeAsync, (_, _, _) => AccessRules.None);

    public List<AssumeRoleRequest> Calls { get; } = [];
    public TimeSpan Life { get; set; } = TimeSpan.FromHours(1);

    protected override CallContext NewContext(CallContext call) => call;

    private ValueTask<AssumeRoleResponse> AssumeAsync(CallContext call, AssumeRoleRequest request, CancellationToken stop)
    {
        lock (Calls)
        {
            Calls.Add(request);
        }
        if (call.Caller.ServicePrincipal != "ecs-tasks.amazonaws.com" || request.RoleArn!.EndsWith("/missing", StringComparison.Ordinal))
        {
            throw new AwsError("AccessDenied", "No.", 403);
        }
        return ValueTask.FromResult(new AssumeRoleResponse
        {
            Credentials = new Credentials
            {
                AccessKeyId = Ids.Unique("ASIA"), SecretAccessKey = Ids.Secret(40), SessionToken = Ids.Secret(80),
                Expiration = call.Now + Life,
            },
        });
    }
}
