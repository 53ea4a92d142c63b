using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class ListTagsForResource
{
    public static async ValueTask<ListTagsForResourceResponse> HandleAsync(EcrContext cx, ListTagsForResourceRequest request, CancellationToken stop)
    {
        var repository = await cx.RequireRepositoryOfArnAsync(request.ResourceArn, stop);
        return new() { Tags = [.. repository.Value.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => new Tag { Key = tag.Key, Value = tag.Value })] };
    }
}
