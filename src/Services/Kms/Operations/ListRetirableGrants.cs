using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListRetirableGrants
{
    public static async ValueTask<ListGrantsResponse> HandleAsync(KmsContext cx, ListRetirableGrantsRequest request, CancellationToken stop)
    {
        var paging = Paging.Read(request.Limit, request.Marker, usual: 50, largest: 100);
        var (principal, isService) = Grants.Principal(request.RetiringPrincipal, request.RetiringServicePrincipal)
            ?? throw KmsFaults.Validation("A retiring principal is required.");
        var read = await cx.Documents.ListByIndexAsync(
            KmsKinds.Grants, cx.Call.Scope, KmsKinds.RetiringIndex,
            isService ? principal : await GrantPrincipals.AskedAsync(cx, principal, stop), stop, paging.After, paging.Size + 1);
        var (grants, next) = paging.Cut(read, grant => grant.Key.Name);
        return new ListGrantsResponse { Grants = await GrantPrincipals.ShownAsync(cx, grants.Select(grant => grant.Value), stop), NextMarker = next, Truncated = next is not null };
    }
}
