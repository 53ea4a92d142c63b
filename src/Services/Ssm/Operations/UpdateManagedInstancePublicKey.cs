using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class UpdateManagedInstancePublicKey
{
    private static readonly TimeSpan s_overlap = TimeSpan.FromMinutes(5);

    public static async ValueTask<UpdateManagedInstancePublicKeyResult> HandleAsync(
        SsmContext cx, UpdateManagedInstancePublicKeyRequest request, CancellationToken stop)
    {
        var id = MachineAuthentication.MachineOf(cx.Caller)
            ?? throw new AccessDeniedException("Only a registered machine may replace its key.");
        if (request.NewPublicKeyType != MachineKeys.Type || !MachineKeys.IsAcceptable(request.NewPublicKey))
        {
            throw SsmFaults.Validation("The public key must be Base64 of an RSA SubjectPublicKeyInfo of at least 2048 bits, its type Rsa.");
        }
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var instance = await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop)
                ?? throw new AccessDeniedException($"Machine {id} is not registered.");
            if (instance.Value.PublicKey == request.NewPublicKey)
            {
                return new UpdateManagedInstancePublicKeyResult();
            }
            if (cx.Caller.AccessKeyId.EndsWith(MachineAuthentication.PreviousKey, StringComparison.Ordinal))
            {
                // The old key lives on for a repeat of the rotation that replaced it, not to start another.
                throw new AccessDeniedException("The key that signed this request has been replaced.");
            }
            var changed = instance.Value with
            {
                PublicKey = request.NewPublicKey!,
                PreviousPublicKey = instance.Value.PublicKey,
                PreviousKeyUntil = cx.Now + s_overlap,
            };
            if ((await cx.Documents.CommitAsync(new Commit().Update(SsmKinds.Instances, instance, changed), stop)).Committed)
            {
                return new UpdateManagedInstancePublicKeyResult();
            }
        }
        throw SsmFaults.TooManyUpdates();
    }
}
