using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListRolePolicies
{
    public static async ValueTask<ListRolePoliciesResponse> HandleAsync(
        IamContext cx, ListRolePoliciesRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        var page = Paging.Cut(
            role.Value.InlinePolicies.Keys.Order(StringComparer.Ordinal), name => name, request.Marker, request.MaxItems);
        return new ListRolePoliciesResponse { PolicyNames = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
