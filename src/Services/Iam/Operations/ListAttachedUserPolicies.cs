using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListAttachedUserPolicies
{
    public static async ValueTask<ListAttachedUserPoliciesResponse> HandleAsync(
        IamContext cx, ListAttachedUserPoliciesRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, request.UserName, stop);
        var page = Paging.Cut(
            Attachments.UnderPath(user.Value.AttachedPolicyArns, request.PathPrefix), arn => arn, request.Marker, request.MaxItems);
        return new ListAttachedUserPoliciesResponse
        {
            AttachedPolicies = page.Items.ConvertAll(Shapes.AttachedPolicy),
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
