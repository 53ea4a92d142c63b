using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListAttachedRolePolicies
{
    public static async ValueTask<ListAttachedRolePoliciesResponse> HandleAsync(
        IamContext cx, ListAttachedRolePoliciesRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        var page = Paging.Cut(
            Attachments.UnderPath(role.Value.AttachedPolicyArns, request.PathPrefix), arn => arn, request.Marker, request.MaxItems);
        return new ListAttachedRolePoliciesResponse
        {
            AttachedPolicies = page.Items.ConvertAll(Shapes.AttachedPolicy),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
