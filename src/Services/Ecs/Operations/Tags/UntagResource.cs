using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class UntagResource
{
    public static async ValueTask<UntagResourceResponse> HandleAsync(EcsContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        await TaggedResource.ChangeAsync(cx, request.ResourceArn, tags =>
            tags.Where(t => request.TagKeys?.Contains(t.Key) is not true).ToDictionary(StringComparer.Ordinal), stop);
        return new UntagResourceResponse();
    }
}
