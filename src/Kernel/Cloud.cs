using Longspan.Api.Shapes;
using Longspan.Kernel.Access;
using Longspan.Kernel.Audit;
using Longspan.Store.Documents;

namespace Longspan.Kernel;

/// <summary>
/// What every service shares: the document log, the clock, the settings, and the table of operations. Built once by <c>Server</c>;
/// services reach each other only through <see cref="CallAsync"/>, so every boundary is one that users can also see and authorize.
/// </summary>
public sealed class Cloud(DocumentLog documents, TimeProvider clock, CloudSettings settings)
{
    private readonly Dictionary<Operation, Entry> _entries = [];

    private sealed record Entry(OperationHandler Handler, AccessRule Access, bool IsAudited);

    public DocumentLog Documents { get; } = documents;
    public TimeProvider Clock { get; } = clock;
    public CloudSettings Settings { get; } = settings;
    /// <summary>Where calls are written down; null in tests of single services.</summary>
    public AuditTrail? Audit { get; init; }
    /// <summary>Judges calls by policies. Operations ask it themselves only about what their declared rule cannot know.</summary>
    public Authorizer Access { get; } = new(documents, settings.AccountId);
    /// <summary>Whom the policies of resources name.</summary>
    public PrincipalNames Principals { get; } = new(documents, settings.AccountId);
    /// <summary>When keys and roles were last used.</summary>
    public LastUses Uses { get; } = new(documents, clock, settings.AccountId);
    /// <summary>Seals the reasons of refusals; without it they are not told.</summary>
    public AuthorizationMessages? Refusals { get; init; }

    /// <summary>Adds a module's operations to the table. Start-up only.</summary>
    public void Add(ServiceModule module)
    {
        foreach (var (operation, handler) in module.Operations)
        {
            _entries.Add(operation, new Entry(handler, module.Access[operation], AuditRules.IsKept(operation)));
        }
    }

    public bool Serves(Operation operation) => _entries.ContainsKey(operation);

    /// <summary>
    /// Runs an operation that came from outside or from another service, if the policies let its caller. The one place where calls are
    /// dispatched, and so the one where they are allowed.
    /// </summary>
    public ValueTask<Shape> DispatchAsync(CallContext call, Operation operation, Shape request, CancellationToken stop)
    {
        if (!_entries.TryGetValue(operation, out var entry))
        {
            throw new AwsError("UnknownOperationException", $"The operation {operation.Name} is not served here.");
        }
        return call.Caller is { IsAdministrator: true, Session: null } && (Audit is null || !AuditRules.IsKeptFor(call))
            ? entry.Handler(call, request, stop)
            : DispatchAsync(entry, call, operation, request, stop);
    }

    private async ValueTask<Shape> DispatchAsync(Entry entry, CallContext call, Operation operation, Shape request, CancellationToken stop)
    {
        // Of an administrator's calls the rule is asked for the trail only, and beforehand: after a deletion nothing may tell what it was about.
        var isKept = entry.IsAudited || call.Caller.Offline is not null;
        var demands = isKept || !call.Caller.IsAdministrator ? await entry.Access(call, request, stop) : [];
        Shape response;
        try
        {
            await Access.RequireAsync(call, operation, demands, stop);
            response = await entry.Handler(call, request, stop);
        }
        catch (AwsError error) when (isKept || AuditRules.IsDenial(error))
        {
            await RecordAsync(new AuditedCall(call, operation, request, ResourcesOf(call, demands), Error: error));
            throw;
        }
        if (isKept)
        {
            await RecordAsync(new AuditedCall(call, operation, request, ResourcesOf(call, demands), response));
        }
        return response;
    }

    // Asked when the call has ended: who a caller without a key is may have come out on the way.
    private ValueTask RecordAsync(AuditedCall audited) =>
        Audit is not null && AuditRules.IsKeptFor(audited.Call) ? Audit.RecordAsync(audited) : ValueTask.CompletedTask;

    private static IReadOnlyList<string> ResourcesOf(CallContext call, IReadOnlyList<AccessDemand> demands) =>
        call.WebIdentityUser is { } login ? [login.RoleArn] : [.. demands.Select(demand => demand.Resource)];

    /// <summary>Calls another service's public operation in this process, as <paramref name="caller"/>.</summary>
    public async ValueTask<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, Caller caller, string region, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var call = new CallContext(this, caller, region, Ids.Uuid(), Settings.Endpoint) { IsBetweenServices = true };
        return (TResponse)await DispatchAsync(call, operation, request, stop);
    }

    /// <summary>
    /// Calls another service's operation in the name of <paramref name="cause"/>'s caller, as a service does on AWS that uses a key for them:
    /// the call carries <c>kms:ViaService</c>.
    /// </summary>
    /// <param name="service">The calling service's name in its endpoints: <c>secretsmanager</c>.</param>
    public async ValueTask<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, CallContext cause, string service, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var call = cause with { RequestId = Ids.Uuid(), ProducerBatch = null, IsBetweenServices = true, ViaService = $"{service}.{cause.Region}.amazonaws.com" };
        return (TResponse)await DispatchAsync(call, operation, request, stop);
    }
}

/// <summary>Facts of this installation that services may need.</summary>
/// <param name="AccountId">Twelve digits; the account that owns everything.</param>
/// <param name="Endpoint">Where clients reach this server by default, for URLs in answers when no request tells better.</param>
/// <param name="DataFolder">The root of durable state; a service with files of its own uses a folder below it.</param>
public sealed record CloudSettings(string AccountId, Uri Endpoint, string DataFolder)
{
    /// <summary>Refuse what AWS refuses, also where Longspan could serve it.</summary>
    public bool AwsStrict { get; init; }
}

/// <summary>One call: who, where, and under which id. Services wrap it in a context of their own.</summary>
/// <param name="Endpoint">Scheme, host and port by which this caller reached the server: queue URLs and registry hosts use it.</param>
public sealed record CallContext(Cloud Cloud, Caller Caller, string Region, string RequestId, Uri Endpoint)
{
    /// <summary>
    /// <c>producer/sequence</c> of a batch that our own node may have to send twice (header <c>x-longspan-log-batch</c>), so that the
    /// receiving operation can tell a repeat. Null for all other callers.
    /// </summary>
    public string? ProducerBatch { get; init; }
    /// <summary>
    /// The control connection of our own node during which it sent a report (header <c>x-longspan-connection</c>). Null for all other callers.
    /// </summary>
    public string? NodeConnection { get; init; }
    /// <summary>Where the request came from; null for calls between services.</summary>
    public System.Net.IPAddress? SourceAddress { get; init; }
    public string? UserAgent { get; init; }
    /// <summary>Whether it came over TLS.</summary>
    public bool IsEncrypted { get; init; }
    /// <summary>A service makes the call in this process, for the caller or as itself.</summary>
    public bool IsBetweenServices { get; init; }
    /// <summary>The service that calls in its caller's name, as <c>kms:ViaService</c> spells it; null for what came from outside.</summary>
    public string? ViaService { get; init; }

    /// <summary>
    /// Whose identity token the operation has verified, for the audit trail. Set by the operation, and only then: the request itself proves nothing.
    /// </summary>
    public WebIdentityUser? WebIdentityUser { get; set; }
    /// <summary>The activation whose code a machine that registers has shown; set by the operation, as <see cref="WebIdentityUser"/> is.</summary>
    public string? ActivationId { get; set; }

    public string AccountId => Caller.AccountId;
    /// <summary>Document scope of everything regional: <c>account/region</c>.</summary>
    public string Scope => $"{Caller.AccountId}/{Region}";
    public DateTimeOffset Now => Cloud.Clock.GetUtcNow();
    public Arn Arn(string service, string resource) => new(service, Region, AccountId, resource);
}

public delegate ValueTask<Shape> OperationHandler(CallContext call, Shape request, CancellationToken stop);
