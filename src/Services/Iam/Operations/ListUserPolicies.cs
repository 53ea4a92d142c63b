using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListUserPolicies
{
    public static async ValueTask<ListUserPoliciesResponse> HandleAsync(
        IamContext cx, ListUserPoliciesRequest request, CancellationToken stop)
    {
        var page = await InlinePolicies.ListAsync(cx, IdentityKinds.User, request.UserName, request.Marker, request.MaxItems, stop);
        return new ListUserPoliciesResponse { PolicyNames = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
