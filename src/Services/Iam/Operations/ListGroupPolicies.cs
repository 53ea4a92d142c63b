using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListGroupPolicies
{
    public static async ValueTask<ListGroupPoliciesResponse> HandleAsync(
        IamContext cx, ListGroupPoliciesRequest request, CancellationToken stop)
    {
        var page = await InlinePolicies.ListAsync(cx, IdentityKinds.Group, request.GroupName, request.Marker, request.MaxItems, stop);
        return new ListGroupPoliciesResponse { PolicyNames = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
