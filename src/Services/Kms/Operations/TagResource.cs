using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class TagResource
{
    public static async ValueTask<TagResourceResponse> HandleAsync(KmsContext cx, TagResourceRequest request, CancellationToken stop)
    {
        await Keys.ChangeAsync(
            cx, request.KeyId, nameof(TagResource),
            key =>
            {
                Keys.CheckNotPending(cx, key);
                return key with { Tags = KmsTags.Add(key.Tags, request.Tags) };
            },
            stop);
        return new TagResourceResponse();
    }
}
