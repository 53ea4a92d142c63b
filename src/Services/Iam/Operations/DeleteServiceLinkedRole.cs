using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>Nothing acts through these roles, so the deletion is done when it is answered.</summary>
internal static class DeleteServiceLinkedRole
{
    public static async ValueTask<DeleteServiceLinkedRoleResponse> HandleAsync(
        IamContext cx, DeleteServiceLinkedRoleRequest request, CancellationToken stop)
    {
        var task = "";
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            task = ServiceLinkedRoles.TaskOf(role.Value);
            return role.Value.IsServiceLinked
                ? new Commit().Delete(role)
                : throw new InvalidInputException($"Role {role.Value.RoleName} is not a service-linked role.");
        }, stop);
        return new DeleteServiceLinkedRoleResponse { DeletionTaskId = task };
    }
}
