using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class ListTagsForResource
{
    public static async ValueTask<ListTagsForResourceResult> HandleAsync(
        SsmContext cx, ListTagsForResourceRequest request, CancellationToken stop)
    {
        var tags = await TaggedResources.ReadAsync(cx, request.ResourceType!, request.ResourceId!, stop);
        return new ListTagsForResourceResult { TagList = SsmTags.ToShape(tags) ?? [] };
    }
}
