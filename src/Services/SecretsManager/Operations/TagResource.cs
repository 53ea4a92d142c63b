using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class TagResource
{
    public static async ValueTask<TagResourceResponse> HandleAsync(SecretsManagerContext cx, TagResourceRequest request, CancellationToken stop)
    {
        await cx.ChangeAsync(
            request.SecretId, secret => secret with { Tags = SecretTags.With(secret.Tags, request.Tags), ChangedAt = cx.Now }, stop);
        return new TagResourceResponse();
    }
}
