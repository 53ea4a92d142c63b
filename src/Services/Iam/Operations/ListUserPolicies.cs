using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListUserPolicies
{
    public static async ValueTask<ListUserPoliciesResponse> HandleAsync(
        IamContext cx, ListUserPoliciesRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, request.UserName, stop);
        var page = Paging.Cut(
            user.Value.InlinePolicies.Keys.Order(StringComparer.Ordinal), name => name, request.Marker, request.MaxItems);
        return new ListUserPoliciesResponse { PolicyNames = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
