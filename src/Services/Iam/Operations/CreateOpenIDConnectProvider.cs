using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>
/// The issuer's server is not asked anything yet. Without thumbprints it must have a certificate that this machine trusts anyway.
/// </summary>
internal static class CreateOpenIDConnectProvider
{
    public static async ValueTask<CreateOpenIDConnectProviderResponse> HandleAsync(
        IamContext cx, CreateOpenIDConnectProviderRequest request, CancellationToken stop)
    {
        var provider = new OidcProviderDocument
        {
            Issuer = OidcProviders.Issuer(request.Url),
            CreatedAt = cx.Call.Now,
            ClientIds = OidcProviders.ClientIds(request.ClientIDList),
            Thumbprints = OidcProviders.Thumbprints(request.ThumbprintList),
            Tags = IamTags.Read(request.Tags, "TagsPerOpenIDConnectProvider"),
        };
        if ((await cx.Documents.ListAsync(AccessKinds.OidcProviders, cx.AccountId, stop)).Count >= IamLimits.OidcProvidersPerAccount)
        {
            throw IamFaults.Quota("OpenIdConnectProvidersPerAccount", IamLimits.OidcProvidersPerAccount);
        }
        var name = AccessKinds.NameOf(OidcProviderDocument.NameOf(provider.Issuer));
        var commit = new Commit().Create(AccessKinds.OidcProviders, cx.AccountId, name, provider);
        return (await cx.Documents.CommitAsync(commit, stop)).Committed
            ? new CreateOpenIDConnectProviderResponse
            {
                OpenIDConnectProviderArn = provider.ArnIn(cx.AccountId),
                Tags = IamTags.ToShape(provider.Tags),
            }
            : throw new EntityAlreadyExistsException($"Provider with url {provider.Issuer} already exists.");
    }
}
