using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListAttachedUserPolicies
{
    public static async ValueTask<ListAttachedUserPoliciesResponse> HandleAsync(
        IamContext cx, ListAttachedUserPoliciesRequest request, CancellationToken stop)
    {
        var page = await Attachments.ListAsync(
            cx, IdentityKinds.User, request.UserName, request.PathPrefix, request.Marker, request.MaxItems, stop);
        return new ListAttachedUserPoliciesResponse
        {
            AttachedPolicies = page.Items.ConvertAll(Shapes.AttachedPolicy),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
