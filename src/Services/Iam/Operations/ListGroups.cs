using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListGroups
{
    public static async ValueTask<ListGroupsResponse> HandleAsync(IamContext cx, ListGroupsRequest request, CancellationToken stop)
    {
        var groups = await cx.Documents.ListAsync(AccessKinds.Groups, cx.AccountId, stop);
        var page = Paging.Cut(
            groups.Where(g => g.Value.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal)),
            g => g.Key.Name, request.Marker, request.MaxItems);
        return new ListGroupsResponse
        {
            Groups = page.Items.ConvertAll(g => g.Value.ToShape(cx.AccountId)),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
