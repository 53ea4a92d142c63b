using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class UntagResource
{
    public static async ValueTask<UntagResourceResponse> HandleAsync(SecretsManagerContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        await cx.ChangeAsync(
            request.SecretId, secret => secret with { Tags = SecretTags.Without(secret.Tags, request.TagKeys ?? []), ChangedAt = cx.Now }, stop);
        return new UntagResourceResponse();
    }
}
