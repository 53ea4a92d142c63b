using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteGroup
{
    public static async ValueTask<DeleteGroupResponse> HandleAsync(IamContext cx, DeleteGroupRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var group = await Identities.GroupAsync(cx, request.GroupName, stop);
            if (group.Value.MemberCount > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must remove users from group first.");
            }
            if (group.Value.InlinePolicies.Count > 0)
            {
                throw new DeleteConflictException("Cannot delete entity, must delete policies first.");
            }
            return group.Value.AttachedPolicyArns.Count == 0
                ? new Commit().Delete(group)
                : throw new DeleteConflictException("Cannot delete entity, must detach all policies first.");
        }, stop);
        return new DeleteGroupResponse();
    }
}
