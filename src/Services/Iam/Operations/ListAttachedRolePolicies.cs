using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListAttachedRolePolicies
{
    public static async ValueTask<ListAttachedRolePoliciesResponse> HandleAsync(
        IamContext cx, ListAttachedRolePoliciesRequest request, CancellationToken stop)
    {
        var page = await Attachments.ListAsync(
            cx, IdentityKinds.Role, request.RoleName, request.PathPrefix, request.Marker, request.MaxItems, stop);
        return new ListAttachedRolePoliciesResponse
        {
            AttachedPolicies = page.Items.ConvertAll(Shapes.AttachedPolicy),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
