using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListOpenIDConnectProviderTags
{
    public static async ValueTask<ListOpenIDConnectProviderTagsResponse> HandleAsync(
        IamContext cx, ListOpenIDConnectProviderTagsRequest request, CancellationToken stop)
    {
        var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
        var page = Paging.Cut(IamTags.ToList(provider.Value.Tags), tag => tag.Key!, request.Marker, request.MaxItems);
        return new ListOpenIDConnectProviderTagsResponse { Tags = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
