using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListAttachedGroupPolicies
{
    public static async ValueTask<ListAttachedGroupPoliciesResponse> HandleAsync(
        IamContext cx, ListAttachedGroupPoliciesRequest request, CancellationToken stop)
    {
        var page = await Attachments.ListAsync(
            cx, IdentityKinds.Group, request.GroupName, request.PathPrefix, request.Marker, request.MaxItems, stop);
        return new ListAttachedGroupPoliciesResponse
        {
            AttachedPolicies = page.Items.ConvertAll(Shapes.AttachedPolicy),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
