using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class RetireGrant
{
    public static async ValueTask<RetireGrantResponse> HandleAsync(KmsContext cx, RetireGrantRequest request, CancellationToken stop)
    {
        await Grants.DeleteAsync(cx, Grants.Named(cx, request), request.DryRun == true, stop);
        return new RetireGrantResponse();
    }
}
