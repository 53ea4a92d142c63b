using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class RemoveUserFromGroup
{
    public static async ValueTask<RemoveUserFromGroupResponse> HandleAsync(
        IamContext cx, RemoveUserFromGroupRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var group = await Identities.GroupAsync(cx, request.GroupName, stop);
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            return user.Value.GroupNames.Contains(group.Key.Name)
                ? new Commit()
                    .Update(AccessKinds.Users, user, user.Value with { GroupNames = [.. user.Value.GroupNames.Where(n => n != group.Key.Name)] })
                    .Update(AccessKinds.Groups, group, group.Value with { MemberCount = Math.Max(0, group.Value.MemberCount - 1) })
                : new Commit();
        }, stop);
        return new RemoveUserFromGroupResponse();
    }
}
