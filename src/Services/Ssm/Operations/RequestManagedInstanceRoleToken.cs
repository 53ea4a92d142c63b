using Longspan.Api.Ssm;
using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

/// <summary>
/// A session of the machine's role, named after the machine. The agent sleeps half an hour on <c>AccessDeniedException</c>, so that is kept
/// for machines that are not (or no longer) ours; trouble with the role, which an operator can repair, is told otherwise.
/// </summary>
internal static class RequestManagedInstanceRoleToken
{
    private const int LifeSeconds = 3600;

    public static async ValueTask<RequestManagedInstanceRoleTokenResult> HandleAsync(
        SsmContext cx, RequestManagedInstanceRoleTokenRequest request, CancellationToken stop)
    {
        var id = MachineAuthentication.MachineOf(cx.Caller)
            ?? throw new AccessDeniedException("Only a registered machine may ask for its role's token.");
        var instance = await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop)
            ?? throw new AccessDeniedException($"Machine {id} is not registered.");
        if (instance.Value.Fingerprint is { Length: > 0 } expected && expected != request.Fingerprint)
        {
            throw new MachineFingerprintDoesNotMatch("The machine's fingerprint does not match the one it registered with.");
        }
        var role = await MachineRoles.RequireAsync(cx, instance.Value.IamRole, stop);
        var assumed = await cx.Call.Cloud.CallAsync(
            StsOperations.AssumeRole,
            new AssumeRoleRequest { RoleArn = role.ArnIn(cx.Call.AccountId), RoleSessionName = id, DurationSeconds = LifeSeconds },
            Caller.ForService(cx.Call.AccountId, MachineRoles.Principal), cx.Call.Region, stop);
        var credentials = assumed.Credentials!;
        return new RequestManagedInstanceRoleTokenResult
        {
            AccessKeyId = credentials.AccessKeyId,
            SecretAccessKey = credentials.SecretAccessKey,
            SessionToken = credentials.SessionToken,
            TokenExpirationDate = credentials.Expiration,
            UpdateKeyPair = false,
        };
    }
}
