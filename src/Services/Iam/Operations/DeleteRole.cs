using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>Every session of the role ends with it: session tokens carry the role's id, and that id is gone.</summary>
internal static class DeleteRole
{
    public static async ValueTask<DeleteRoleResponse> HandleAsync(IamContext cx, DeleteRoleRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleToChangeAsync(cx, request.RoleName, stop);
            if (role.Value.InstanceProfileNames.Count > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must remove roles from instance profile first.");
            }
            if (role.Value.InlinePolicies.Count > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must delete policies first.");
            }
            return role.Value.AttachedPolicyArns.Count == 0
                ? await cx.Call.Cloud.Uses.ForgetAsync(new Commit().Delete(role), role.Value.RoleId, stop)
                : throw new DeleteConflictException("Cannot delete entity, must detach all policies first.");
        }, stop);
        return new DeleteRoleResponse();
    }
}
