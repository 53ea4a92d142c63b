using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UntagOpenIDConnectProvider
{
    public static async ValueTask<UntagOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, UntagOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
            return new Commit().Update(AccessKinds.OidcProviders, provider,
                provider.Value with { Tags = IamTags.Without(provider.Value.Tags, request.TagKeys) });
        }, stop);
        return new UntagOpenIDConnectProviderResponse();
    }
}
