using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class TagOpenIDConnectProvider
{
    public static async ValueTask<TagOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, TagOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var provider = await OidcProviders.FindAsync(cx, request.OpenIDConnectProviderArn, stop);
            return new Commit().Update(AccessKinds.OidcProviders, provider,
                provider.Value with { Tags = IamTags.Merge(provider.Value.Tags, request.Tags, "TagsPerOpenIDConnectProvider") });
        }, stop);
        return new TagOpenIDConnectProviderResponse();
    }
}
