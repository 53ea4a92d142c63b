using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class AddUserToGroup
{
    public static async ValueTask<AddUserToGroupResponse> HandleAsync(IamContext cx, AddUserToGroupRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var group = await Identities.GroupAsync(cx, request.GroupName, stop);
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            if (user.Value.GroupNames.Contains(group.Key.Name))
            {
                return new Commit();
            }
            if (user.Value.GroupNames.Count >= IamLimits.GroupsPerUser)
            {
                throw IamFaults.Quota("GroupsPerUser", IamLimits.GroupsPerUser);
            }
            return new Commit()
                .Update(AccessKinds.Users, user, user.Value with { GroupNames = [.. user.Value.GroupNames, group.Key.Name] })
                .Update(AccessKinds.Groups, group, group.Value with { MemberCount = group.Value.MemberCount + 1 });
        }, stop);
        return new AddUserToGroupResponse();
    }
}
