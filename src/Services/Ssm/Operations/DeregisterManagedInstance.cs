using Longspan.Api.Ssm;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

/// <summary>The machine's identity ends with this commit: its key signs nothing any more, and its role sessions are taken back.</summary>
internal static class DeregisterManagedInstance
{
    // No role token of a machine lives longer than this.
    private static readonly TimeSpan s_longestSession = TimeSpan.FromHours(12);

    public static async ValueTask<DeregisterManagedInstanceResult> HandleAsync(
        SsmContext cx, DeregisterManagedInstanceRequest request, CancellationToken stop)
    {
        var id = request.InstanceId!;
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var instance = await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop) ?? throw SsmFaults.InstanceNotFound(id);
            var role = await MachineRoles.FindAsync(cx, instance.Value.IamRole, stop);
            var roleIds = role is null ? instance.Value.FormerRoleIds : instance.Value.FormerRoleIds.Append(role.RoleId).Distinct();
            var commit = new Commit();
            foreach (var uniqueId in roleIds.Select(roleId => $"{roleId}:{id}"))
            {
                commit.Put(AccessKinds.Revocations, cx.Call.AccountId, uniqueId,
                    new RevocationDocument(uniqueId, cx.Now, cx.Now + s_longestSession));
            }
            if ((await cx.Documents.CommitAsync(commit.Delete(instance), stop)).Committed)
            {
                cx.Pings.Forget(id);
                return new DeregisterManagedInstanceResult();
            }
        }
        throw SsmFaults.TooManyUpdates();
    }
}
