using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreateServiceLinkedRole
{
    public static async ValueTask<CreateServiceLinkedRoleResponse> HandleAsync(
        IamContext cx, CreateServiceLinkedRoleRequest request, CancellationToken stop)
    {
        var role = ServiceLinkedRoles.New(request.AWSServiceName!, request.CustomSuffix, request.Description, cx.Call.Now);
        var commit = new Commit().Create(AccessKinds.Roles, cx.AccountId, AccessKinds.NameOf(role.RoleName), role);
        return (await cx.Documents.CommitAsync(commit, stop)).Committed
            ? new CreateServiceLinkedRoleResponse { Role = role.ToShape(cx.AccountId) }
            : throw new InvalidInputException(
                $"Service role name {role.RoleName} has been taken in this account, please try a different suffix.");
    }
}
