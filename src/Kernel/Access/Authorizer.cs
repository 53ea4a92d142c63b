using Longspan.Api.Shapes;
using Longspan.Kernel.Access.Policies;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Puts what a call asks to the policies of its caller and of its resources. Administrators pass unasked. The decision itself is
/// <see cref="PolicyEvaluator"/>'s; here are the caller's policies, never older than the last acknowledged change of them, and the refusal.
/// </summary>
public sealed class Authorizer(DocumentLog documents, string accountId)
{
    private readonly PrincipalReader _principals = new(documents, accountId);

    /// <summary>The caller with its policies and tags.</summary>
    public ValueTask<Principal> PrincipalOfAsync(Caller caller, CancellationToken stop) => _principals.ReadAsync(caller, stop);

    /// <summary>The answer to one question, for operations that go on differently instead of refusing.</summary>
    public async ValueTask<AccessDecision> DecideAsync(CallContext call, AccessDemand demand, CancellationToken stop) =>
        call.Caller.IsAdministrator
            ? AccessDecision.Allowed
            : PolicyEvaluator.Decide(AccessContext.Of(call, await PrincipalOfAsync(call.Caller, stop), demand));

    /// <summary>Returns when all is allowed; otherwise throws the first refusal, as the service called would spell it.</summary>
    public async ValueTask RequireAsync(CallContext call, Operation operation, IReadOnlyList<AccessDemand> demands, CancellationToken stop)
    {
        if (SessionLimits.Refusal(call.Caller, operation) is { } refusal)
        {
            throw refusal;
        }
        if (call.Caller.IsAdministrator || demands.Count == 0)
        {
            return;
        }
        var principal = await PrincipalOfAsync(call.Caller, stop);
        foreach (var demand in demands)
        {
            var context = AccessContext.Of(call, principal, demand);
            var decision = PolicyEvaluator.Decide(context);
            if (!decision.IsAllowed)
            {
                throw Refuse(call, operation, decision, demand, call.Cloud.Refusals?.Seal(context));
            }
        }
    }

    /// <summary>
    /// The refusal in the words and codes of the operation's service: <c>AccessDeniedException</c> with 400 where JSON is spoken,
    /// <c>AccessDenied</c> with 403 in the Query protocol and REST. SQS came from the Query protocol and answers 403 in both, and its
    /// refusals have actions in lower case.
    /// </summary>
    /// <param name="reasons">Sealed.</param>
    public static AwsError Refuse(CallContext call, Operation operation, AccessDecision decision, AccessDemand demand, string? reasons = null)
    {
        var service = operation.Service;
        var action = service.AwsQueryCompatible ? demand.Action.ToLowerInvariant() : demand.Action;
        // STS says no more than this of a role: which side did not agree, the trust policy or the caller's own, would be telling.
        var message = operation.Service.IamPrefix == "sts"
            ? $"User: {call.Caller.Arn} is not authorized to perform: {action} on resource: {demand.Resource}"
            : decision.Refusal(call.Caller.Arn, action, demand.Resource);
        var isJson = service.Protocols[0] is AwsProtocol.AwsJson10 or AwsProtocol.AwsJson11 or AwsProtocol.RestJson or AwsProtocol.RpcV2Cbor;
        return isJson
            ? new AwsError("AccessDeniedException", message, service.AwsQueryCompatible ? 403 : 400, "AccessDenied") { AuthorizationMessage = reasons }
            : new AwsError("AccessDenied", message, 403) { AuthorizationMessage = reasons };
    }
}
