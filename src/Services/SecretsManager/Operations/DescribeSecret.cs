using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class DescribeSecret
{
    public static async ValueTask<DescribeSecretResponse> HandleAsync(
        SecretsManagerContext cx, DescribeSecretRequest request, CancellationToken stop)
    {
        var secret = (await cx.RequireAnyAsync(request.SecretId, stop)).Value;
        var rotation = await cx.Documents.GetAsync(SecretsManagerKinds.Rotations, cx.Scope, secret.Name, stop);
        return secret.ToDescription(cx, rotation?.Value.IsOf(secret) == true ? rotation.Value : null);
    }
}
