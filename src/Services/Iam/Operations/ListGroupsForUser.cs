using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListGroupsForUser
{
    public static async ValueTask<ListGroupsForUserResponse> HandleAsync(
        IamContext cx, ListGroupsForUserRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, request.UserName, stop);
        List<Group> groups = [];
        foreach (var name in user.Value.GroupNames)
        {
            if (await cx.Documents.GetAsync(AccessKinds.Groups, cx.AccountId, name, stop) is { } group)
            {
                groups.Add(group.Value.ToShape(cx.AccountId));
            }
        }
        var page = Paging.Cut(groups.OrderBy(g => g.GroupName, StringComparer.Ordinal), g => g.GroupName!, request.Marker, request.MaxItems);
        return new ListGroupsForUserResponse { Groups = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
