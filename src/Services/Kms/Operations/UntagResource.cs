using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class UntagResource
{
    public static async ValueTask<UntagResourceResponse> HandleAsync(KmsContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        await Keys.ChangeAsync(
            cx, request.KeyId, nameof(UntagResource),
            key =>
            {
                Keys.CheckNotPending(cx, key);
                return key with { Tags = KmsTags.Remove(key.Tags, request.TagKeys) };
            },
            stop);
        return new UntagResourceResponse();
    }
}
