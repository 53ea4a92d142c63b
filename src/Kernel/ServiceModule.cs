using Longspan.Api.Shapes;
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

    public ServiceSchema Schema { get; } = schema;
    public IReadOnlyDictionary<Operation, OperationHandler> Operations => _operations;
    public virtual IReadOnlyList<Reconciler> Reconcilers => [];

    /// <summary>Endpoints beside the signed AWS calls. <paramref name="authenticate"/> checks a request's SigV4 signature.</summary>
    public virtual void MapEndpoints(IEndpointRouteBuilder routes, RequestAuthenticator authenticate)
    {
    }

    /// <summary>Opens what the module owns, before the first request is accepted.</summary>
    public virtual ValueTask StartAsync(CancellationToken stop) => ValueTask.CompletedTask;

    /// <summary>Closes what the module owns, after the last request.</summary>
    public virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <summary>Back to a fresh state, within milliseconds; the document log has been emptied already.</summary>
    public virtual ValueTask ResetAsync(CancellationToken stop) => ValueTask.CompletedTask;

    private protected void Register(Operation operation, OperationHandler handler) => _operations.Add(operation, handler);
}

/// <summary>A module whose operations take a context of their own (<c>EcsContext</c>), made for each call.</summary>
public abstract class ServiceModule<TContext>(ServiceSchema schema) : ServiceModule(schema)
{
    protected abstract TContext NewContext(CallContext call);

    /// <summary>Declares one operation: <c>Map(SqsOperations.CreateQueue, CreateQueue.HandleAsync);</c></summary>
    protected void Map<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<TContext, TRequest, CancellationToken, ValueTask<TResponse>> handler)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        Register(operation, async (call, request, stop) => await handler(NewContext(call), (TRequest)request, stop));
}

/// <summary>
/// Checks a request's signature for the named service and returns its caller with the region of its credential scope. Throws
/// <see cref="AwsError"/> when it is refused.
/// </summary>
public delegate ValueTask<(Caller Caller, string Region)> RequestAuthenticator(HttpContext http, string signingName, CancellationToken stop);
