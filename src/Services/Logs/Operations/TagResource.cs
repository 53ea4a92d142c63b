using Longspan.Api.Logs;
using Longspan.Services.Logs.Rules;

namespace Longspan.Services.Logs.Operations;

internal static class TagResource
{
    public static async ValueTask<TagResourceResponse> HandleAsync(LogsContext cx, TagResourceRequest request, CancellationToken stop)
    {
        if (request.Tags is not { Count: > 0 } tags)
        {
            throw LogsFaults.Constraint("tags", request.Tags is null ? null : "{}", "Member must have length greater than or equal to 1");
        }
        await cx.ChangeGroupAsync(
            () => cx.RequireGroupOfArnAsync(request.ResourceArn, stop), group => group.WithTags(Tags.With(group.Tags, tags, request.ResourceArn!)), stop);
        return new TagResourceResponse();
    }
}
