using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListKeyPolicies
{
    public static async ValueTask<ListKeyPoliciesResponse> HandleAsync(KmsContext cx, ListKeyPoliciesRequest request, CancellationToken stop)
    {
        // A key has exactly one policy, so there is never a second page.
        Paging.Read(request.Limit, request.Marker, usual: 100, largest: 1000);
        await Keys.RequireByIdAsync(cx, request.KeyId, stop);
        return new ListKeyPoliciesResponse { PolicyNames = [KeyPolicies.Name], Truncated = false };
    }
}
