using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class DescribeKey
{
    public static async ValueTask<DescribeKeyResponse> HandleAsync(KmsContext cx, DescribeKeyRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        return new DescribeKeyResponse { KeyMetadata = (await Keys.RequireAsync(cx, request.KeyId, stop)).Value.ToShape(cx) };
    }
}
