using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class ListOpenIDConnectProviders
{
    public static async ValueTask<ListOpenIDConnectProvidersResponse> HandleAsync(
        IamContext cx, ListOpenIDConnectProvidersRequest request, CancellationToken stop)
    {
        var providers = await cx.Documents.ListAsync(AccessKinds.OidcProviders, cx.AccountId, stop);
        return new ListOpenIDConnectProvidersResponse
        {
            OpenIDConnectProviderList = [.. providers.Select(p => new OpenIDConnectProviderListEntry { Arn = p.Value.ArnIn(cx.AccountId) })],
        };
    }
}
