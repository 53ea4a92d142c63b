using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class RevokeGrant
{
    public static async ValueTask<RevokeGrantResponse> HandleAsync(KmsContext cx, RevokeGrantRequest request, CancellationToken stop)
    {
        var key = await Keys.RequireByIdAsync(cx, request.KeyId, stop);
        await Grants.DeleteAsync(cx, KmsKinds.PartOf(key.Value.KeyId, request.GrantId ?? ""), request.DryRun == true, stop);
        return new RevokeGrantResponse();
    }
}
