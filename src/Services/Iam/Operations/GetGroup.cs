using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetGroup
{
    public static async ValueTask<GetGroupResponse> HandleAsync(IamContext cx, GetGroupRequest request, CancellationToken stop)
    {
        var group = await Identities.GroupAsync(cx, request.GroupName, stop);
        var members = await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, AccessKinds.GroupIndex, group.Key.Name, stop);
        var page = Paging.Cut(members.OrderBy(u => u.Key.Name, StringComparer.Ordinal), u => u.Key.Name, request.Marker, request.MaxItems);
        return new GetGroupResponse
        {
            Group = group.Value.ToShape(cx.AccountId),
            Users = page.Items.ConvertAll(u => u.Value.ToShape(cx.AccountId, whole: false)),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
