using Longspan.Api.Shapes;
using Longspan.Kernel.Access;
using Longspan.Kernel.Reconcilers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Longspan.Kernel;

/// <summary>
/// A service's table of contents: its operations (one explicit line each), its reconcilers, and the few HTTP endpoints that are
/// not AWS operations (the OCI registry, the agent's websockets). Modules are built once, in <c>Server/Modules.cs</c>.
/// </summary>
public abstract class ServiceModule(ServiceSchema schema)
{
    private readonly Dictionary<Operation, OperationHandler> _operations = [];
    private readonly Dictionary<Operation, AccessRule> _access = [];

    public ServiceSchema Schema { get; } = schema;
    public IReadOnlyDictionary<Operation, OperationHandler> Operations => _operations;
    /// <summary>What each operation asks of the policies.</summary>
    public IReadOnlyDictionary<Operation, AccessRule> Access => _access;
    public virtual IReadOnlyList<Reconciler> Reconcilers => [];

    /// <summary>
    /// Operations that some callers prove their right to by other means than an access key: an activation code in an unsigned request, a
    /// machine's RSA key. For these, and no others, <see cref="AuthenticateAsync"/> is asked before the usual signature check.
    /// </summary>
    public virtual IReadOnlySet<Operation> OwnAuthentication => System.Collections.Frozen.FrozenSet<Operation>.Empty;

    /// <summary>
    /// The caller, when this module vouches for the request; null to go on with the usual check, which refuses unsigned requests. Throws
    /// <see cref="AwsError"/> when the request claims an identity of the module's and fails to prove it.
    /// </summary>
    /// <param name="signed">What the request was signed over, or null when it carries no signature.</param>
    public virtual ValueTask<Caller?> AuthenticateAsync(Operation operation, SignedRequest? signed, CancellationToken stop) =>
        ValueTask.FromResult<Caller?>(null);

    /// <summary>Endpoints beside the signed AWS calls. <paramref name="authenticate"/> checks a request's SigV4 signature.</summary>
    public virtual void MapEndpoints(IEndpointRouteBuilder routes, RequestAuthenticator authenticate)
    {
    }

    /// <summary>As above, for modules whose websockets carry frames that are signed one by one.</summary>
    public virtual void MapEndpoints(IEndpointRouteBuilder routes, RequestAuthenticator authenticate, FrameAuthenticator frames) =>
        MapEndpoints(routes, authenticate);

    /// <summary>Opens what the module owns, before the first request is accepted.</summary>
    public virtual ValueTask StartAsync(CancellationToken stop) => ValueTask.CompletedTask;

    /// <summary>Closes what the module owns, after the last request.</summary>
    public virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <summary>Back to a fresh state, within milliseconds; documents, records and blobs have been emptied already.</summary>
    public virtual ValueTask ResetAsync(CancellationToken stop) => ValueTask.CompletedTask;

    private protected void Register(Operation operation, OperationHandler handler, AccessRule access)
    {
        _operations.Add(operation, handler);
        _access.Add(operation, access);
    }
}

/// <summary>
/// A request signed in SigV4's form but perhaps not with its HMAC. Whoever builds it has parsed the header, recomputed the body's hash and
/// checked the clock window and the scope's service; only the comparison of the signature itself is left.
/// </summary>
/// <param name="KeyId">The first part of <c>Credential</c>: <c>mi-…</c> for a machine.</param>
/// <param name="Signature">As sent: hex for an HMAC, Base64 for RSA.</param>
public sealed record SignedRequest(string KeyId, string Region, string StringToSign, string Signature);

/// <summary>A module whose operations take a context of their own (<c>EcsContext</c>), made for each call.</summary>
public abstract class ServiceModule<TContext>(ServiceSchema schema) : ServiceModule(schema)
{
    protected abstract TContext NewContext(CallContext call);

    /// <summary>Declares one operation whose action has the operation's name and is about one resource.</summary>
    /// <param name="resource">The resource's ARN, <c>*</c> when there is none.</param>
    protected void Map<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<TContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TContext, TRequest, string> resource)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var action = operation.ActionName;
        Map(operation, handler, (cx, request, _) => ValueTask.FromResult<IReadOnlyList<AccessDemand>>([new AccessDemand(action, resource(cx, request))]));
    }

    /// <summary>Declares one operation with all that it asks of the policies; none for what every identified caller may do.</summary>
    protected void Map<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<TContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TContext, TRequest, CancellationToken, ValueTask<IReadOnlyList<AccessDemand>>> access)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        Register(
            operation, async (call, request, stop) => await handler(NewContext(call), (TRequest)request, stop),
            (call, request, stop) => access(NewContext(call), (TRequest)request, stop));
}

/// <summary>
/// Checks a request's signature for the named service and returns its caller with the region of its credential scope. Throws
/// <see cref="AwsError"/> when it is refused.
/// </summary>
public delegate ValueTask<(Caller Caller, string Region)> RequestAuthenticator(HttpContext http, string signingName, CancellationToken stop);

/// <summary>
/// Checks one frame of an open websocket that carries its own signature over the socket's address and the frame's payload; returns who
/// signed it, and the payload. Throws <see cref="AwsError"/> when it is refused.
/// </summary>
/// <param name="http">The request that opened the socket.</param>
public delegate ValueTask<(Caller Caller, ReadOnlyMemory<byte> Payload)> FrameAuthenticator(
    HttpContext http, string signingName, ReadOnlyMemory<byte> frame, CancellationToken stop);
