using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListGrants
{
    public static async ValueTask<ListGrantsResponse> HandleAsync(KmsContext cx, ListGrantsRequest request, CancellationToken stop)
    {
        var paging = Paging.Read(request.Limit, request.Marker, usual: 50, largest: 100);
        var grantee = request.GranteePrincipal is { } asked ? await GrantPrincipals.AskedAsync(cx, asked, stop) : null;
        var key = await Keys.RequireByIdAsync(cx, request.KeyId, stop);
        var matching =
            from grant in await Grants.OfKeyAsync(cx, key.Value.KeyId, stop, paging.After)
            where request.GrantId is null || grant.Value.GrantId == request.GrantId
            // Grants from earlier builds have the ARN.
            where grantee is null || (!grant.Value.IsGranteeService && (grant.Value.Grantee == grantee || grant.Value.Grantee == request.GranteePrincipal))
            where request.GranteeServicePrincipal is null || (grant.Value.IsGranteeService && grant.Value.Grantee == request.GranteeServicePrincipal)
            select grant;
        var (grants, next) = paging.Cut([.. matching], grant => grant.Key.Name);
        return new ListGrantsResponse { Grants = await GrantPrincipals.ShownAsync(cx, grants.Select(grant => grant.Value), stop), NextMarker = next, Truncated = next is not null };
    }
}
