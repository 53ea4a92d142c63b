using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Operations;

/// <summary>Of identity providers there are only those that speak OpenID Connect. Tools that take stock of an account ask.</summary>
internal static class ListSAMLProviders
{
    public static ValueTask<ListSAMLProvidersResponse> HandleAsync(IamContext cx, ListSAMLProvidersRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new ListSAMLProvidersResponse { SAMLProviderList = [] });
}
