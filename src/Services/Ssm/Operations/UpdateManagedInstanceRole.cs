using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class UpdateManagedInstanceRole
{
    private const int RememberedRoles = 20;

    public static async ValueTask<UpdateManagedInstanceRoleResult> HandleAsync(
        SsmContext cx, UpdateManagedInstanceRoleRequest request, CancellationToken stop)
    {
        await MachineRoles.RequireAsync(cx, request.IamRole!, stop);
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var instance = await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, request.InstanceId!, stop)
                ?? throw SsmFaults.InstanceNotFound(request.InstanceId!);
            var former = await MachineRoles.FindAsync(cx, instance.Value.IamRole, stop);
            var changed = instance.Value with
            {
                IamRole = request.IamRole!,
                FormerRoleIds = former is null
                    ? instance.Value.FormerRoleIds
                    : [.. instance.Value.FormerRoleIds.Append(former.RoleId).Distinct().TakeLast(RememberedRoles)],
            };
            if ((await cx.Documents.CommitAsync(new Commit().Update(SsmKinds.Instances, instance, changed), stop)).Committed)
            {
                return new UpdateManagedInstanceRoleResult();
            }
        }
        throw SsmFaults.TooManyUpdates();
    }
}
