using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListUsers
{
    public static async ValueTask<ListUsersResponse> HandleAsync(IamContext cx, ListUsersRequest request, CancellationToken stop)
    {
        var users = await cx.Documents.ListAsync(AccessKinds.Users, cx.AccountId, stop);
        var page = Paging.Cut(
            users.Where(u => u.Value.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal)),
            u => u.Key.Name, request.Marker, request.MaxItems);
        return new ListUsersResponse
        {
            Users = page.Items.ConvertAll(u => u.Value.ToShape(cx.AccountId, whole: false)),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
