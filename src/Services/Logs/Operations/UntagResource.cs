using Longspan.Api.Logs;
using Longspan.Services.Logs.Rules;

namespace Longspan.Services.Logs.Operations;

internal static class UntagResource
{
    public static async ValueTask<UntagResourceResponse> HandleAsync(LogsContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        if (request.TagKeys is not { } keys)
        {
            throw LogsFaults.Constraint("tagKeys", null, "Member must not be null");
        }
        await cx.ChangeGroupAsync(
            () => cx.RequireGroupOfArnAsync(request.ResourceArn, stop), group => group.WithTags(Tags.Without(group.Tags, keys)), stop);
        return new UntagResourceResponse();
    }
}
