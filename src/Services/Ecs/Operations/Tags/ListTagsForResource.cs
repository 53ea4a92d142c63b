using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListTagsForResource
{
    public static async ValueTask<ListTagsForResourceResponse> HandleAsync(
        EcsContext cx, ListTagsForResourceRequest request, CancellationToken stop) =>
        new() { Tags = Shapes.Tags(await TaggedResource.TagsAsync(cx, request.ResourceArn, stop)) };
}
