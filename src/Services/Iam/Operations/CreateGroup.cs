using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreateGroup
{
    public static async ValueTask<CreateGroupResponse> HandleAsync(IamContext cx, CreateGroupRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("groupName", request.GroupName, IamLimits.GroupNameLength);
        var group = new GroupDocument
        {
            GroupName = name,
            GroupId = Ids.Unique("AGPA"),
            Path = IamChecks.Path(request.Path),
            CreatedAt = cx.Call.Now,
        };
        if ((await cx.Documents.ListAsync(AccessKinds.Groups, cx.AccountId, stop)).Count >= IamLimits.GroupsPerAccount)
        {
            throw IamFaults.Quota("GroupsPerAccount", IamLimits.GroupsPerAccount);
        }
        var commit = new Commit().Create(AccessKinds.Groups, cx.AccountId, AccessKinds.NameOf(name), group);
        return (await cx.Documents.CommitAsync(commit, stop)).Committed
            ? new CreateGroupResponse { Group = group.ToShape(cx.AccountId) }
            : throw new EntityAlreadyExistsException($"Group with name {name} already exists.");
    }
}
