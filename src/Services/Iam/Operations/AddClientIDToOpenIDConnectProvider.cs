using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class AddClientIDToOpenIDConnectProvider
{
    public static async ValueTask<AddClientIDToOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, AddClientIDToOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
            return new Commit().Update(AccessKinds.OidcProviders, provider, provider.Value with
            {
                ClientIds = OidcProviders.ClientIds([.. provider.Value.ClientIds, request.ClientID!]),
            });
        }, stop);
        return new AddClientIDToOpenIDConnectProviderResponse();
    }
}
