using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListRolePolicies
{
    public static async ValueTask<ListRolePoliciesResponse> HandleAsync(
        IamContext cx, ListRolePoliciesRequest request, CancellationToken stop)
    {
        var page = await InlinePolicies.ListAsync(cx, IdentityKinds.Role, request.RoleName, request.Marker, request.MaxItems, stop);
        return new ListRolePoliciesResponse { PolicyNames = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
