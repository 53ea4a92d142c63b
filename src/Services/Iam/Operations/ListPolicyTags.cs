using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListPolicyTags
{
    public static async ValueTask<ListPolicyTagsResponse> HandleAsync(IamContext cx, ListPolicyTagsRequest request, CancellationToken stop)
    {
        var policy = await Identities.PolicyAsync(cx, request.PolicyArn, stop);
        var page = Paging.Cut(IamTags.ToList(policy.Value.Tags), tag => tag.Key!, request.Marker, request.MaxItems);
        return new ListPolicyTagsResponse { Tags = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
