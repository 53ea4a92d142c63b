using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>A new name is written to the group's members too, in one commit: at no moment is anyone outside of their group.</summary>
internal static class UpdateGroup
{
    public static async ValueTask<UpdateGroupResponse> HandleAsync(IamContext cx, UpdateGroupRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var group = await Identities.GroupAsync(cx, request.GroupName, stop);
            var changed = group.Value with
            {
                Path = request.NewPath is null ? group.Value.Path : IamChecks.Path(request.NewPath),
                GroupName = request.NewGroupName is null
                    ? group.Value.GroupName
                    : IamChecks.Name("newGroupName", request.NewGroupName, IamLimits.GroupNameLength),
            };
            var name = AccessKinds.NameOf(changed.GroupName);
            return name == group.Key.Name
                ? new Commit().Update(AccessKinds.Groups, group, changed)
                : await RenameAsync(cx, group, name, changed, stop);
        }, stop);
        return new UpdateGroupResponse();
    }

    /// <summary>Larger groups keep their name; a commit has a bound.</summary>
    private const int MaximumMembers = Commit.MaximumWrites - 2;

    private static async ValueTask<Commit> RenameAsync(
        IamContext cx, Document<GroupDocument> group, string name, GroupDocument changed, CancellationToken stop)
    {
        if (await cx.Documents.GetAsync(AccessKinds.Groups, cx.AccountId, name, stop) is not null)
        {
            throw new EntityAlreadyExistsException($"Group with name {changed.GroupName} already exists.");
        }
        var members = await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, AccessKinds.GroupIndex, group.Key.Name, stop);
        if (members.Count > MaximumMembers)
        {
            throw new LimitExceededException($"A group of more than {MaximumMembers} users cannot be renamed.");
        }
        var commit = new Commit().Delete(group).Create(AccessKinds.Groups, cx.AccountId, name, changed);
        foreach (var user in members)
        {
            commit.Update(AccessKinds.Users, user, user.Value with
            {
                GroupNames = [.. user.Value.GroupNames.Where(n => n != group.Key.Name), name],
            });
        }
        return commit;
    }
}
