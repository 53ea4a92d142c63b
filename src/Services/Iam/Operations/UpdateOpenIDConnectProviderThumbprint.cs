using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UpdateOpenIDConnectProviderThumbprint
{
    public static async ValueTask<UpdateOpenIDConnectProviderThumbprintResponse> HandleAsync(
        IamContext cx, UpdateOpenIDConnectProviderThumbprintRequest request, CancellationToken stop)
    {
        var thumbprints = OidcProviders.Thumbprints(request.ThumbprintList);
        await cx.CommitAsync(async () =>
        {
            var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
            return new Commit().Update(AccessKinds.OidcProviders, provider, provider.Value with { Thumbprints = thumbprints });
        }, stop);
        return new UpdateOpenIDConnectProviderThumbprintResponse();
    }
}
