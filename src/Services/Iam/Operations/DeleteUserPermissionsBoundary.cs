using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteUserPermissionsBoundary
{
    public static async ValueTask<DeleteUserPermissionsBoundaryResponse> HandleAsync(
        IamContext cx, DeleteUserPermissionsBoundaryRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            return user.Value.PermissionsBoundaryArn is null
                ? throw new NoSuchEntityException($"User with name {user.Value.UserName} does not have a permissions boundary.")
                : new Commit().Update(AccessKinds.Users, user, user.Value with { PermissionsBoundaryArn = null });
        }, stop);
        return new DeleteUserPermissionsBoundaryResponse();
    }
}
