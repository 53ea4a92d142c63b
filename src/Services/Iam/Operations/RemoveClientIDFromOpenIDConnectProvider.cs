using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class RemoveClientIDFromOpenIDConnectProvider
{
    public static async ValueTask<RemoveClientIDFromOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, RemoveClientIDFromOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
            return new Commit().Update(AccessKinds.OidcProviders, provider, provider.Value with
            {
                ClientIds = [.. provider.Value.ClientIds.Where(id => id != request.ClientID)],
            });
        }, stop);
        return new RemoveClientIDFromOpenIDConnectProviderResponse();
    }
}
