using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetOpenIDConnectProvider
{
    public static async ValueTask<GetOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, GetOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
        return new GetOpenIDConnectProviderResponse
        {
            Url = OidcProviderDocument.NameOf(provider.Value.Issuer),
            ClientIDList = [.. provider.Value.ClientIds],
            ThumbprintList = [.. provider.Value.Thumbprints],
            CreateDate = provider.Value.CreatedAt,
            Tags = IamTags.ToShape(provider.Value.Tags),
        };
    }
}
