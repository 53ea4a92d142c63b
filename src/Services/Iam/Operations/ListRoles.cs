using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListRoles
{
    public static async ValueTask<ListRolesResponse> HandleAsync(IamContext cx, ListRolesRequest request, CancellationToken stop)
    {
        var roles = await cx.Documents.ListAsync(AccessKinds.Roles, cx.AccountId, stop);
        var page = Paging.Cut(
            roles.Where(r => r.Value.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal)),
            r => r.Key.Name, request.Marker, request.MaxItems);
        List<Role> shown = [];
        foreach (var role in page.Items)
        {
            shown.Add((await TrustPolicies.ShownAsync(cx, role.Value, stop)).ToShape(cx.AccountId, whole: false));
        }
        return new ListRolesResponse
        {
            Roles = shown,
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
