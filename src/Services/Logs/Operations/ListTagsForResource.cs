using Longspan.Api.Logs;

namespace Longspan.Services.Logs.Operations;

internal static class ListTagsForResource
{
    public static async ValueTask<ListTagsForResourceResponse> HandleAsync(LogsContext cx, ListTagsForResourceRequest request, CancellationToken stop)
    {
        var group = await cx.RequireGroupOfArnAsync(request.ResourceArn, stop);
        return new ListTagsForResourceResponse { Tags = group.Value.Tags.ToDictionary() };
    }
}
