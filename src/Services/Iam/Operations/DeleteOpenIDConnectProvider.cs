using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>Sessions that its tokens opened last until they expire; no new ones are opened.</summary>
internal static class DeleteOpenIDConnectProvider
{
    public static async ValueTask<DeleteOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, DeleteOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(
            async () => new Commit().Delete(await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop)), stop);
        return new DeleteOpenIDConnectProviderResponse();
    }
}
