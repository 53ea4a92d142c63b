using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Operations;

internal static class DescribeSecret
{
    public static async ValueTask<DescribeSecretResponse> HandleAsync(
        SecretsManagerContext cx, DescribeSecretRequest request, CancellationToken stop) =>
        (await cx.RequireAnyAsync(request.SecretId, stop)).Value.ToDescription(cx);
}
