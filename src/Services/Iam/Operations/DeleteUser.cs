using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteUser
{
    public static async ValueTask<DeleteUserResponse> HandleAsync(IamContext cx, DeleteUserRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            if (user.Value.IsAdministrator)
            {
                throw new DeleteConflictException("Cannot delete entity, the account's administrator stays. Its keys can be replaced.");
            }
            if (user.Value.AccessKeyIds.Count > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must delete access keys first.");
            }
            if (user.Value.GroupNames.Count > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must remove users from group first.");
            }
            if (user.Value.InlinePolicies.Count > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must delete policies first.");
            }
            return user.Value.AttachedPolicyArns.Count == 0
                ? new Commit().Delete(user)
                : throw new DeleteConflictException("Cannot delete entity, must detach all policies first.");
        }, stop);
        return new DeleteUserResponse();
    }
}
