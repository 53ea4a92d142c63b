using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class AddTagsToResource
{
    public static async ValueTask<AddTagsToResourceResult> HandleAsync(
        SsmContext cx, AddTagsToResourceRequest request, CancellationToken stop)
    {
        var added = SsmTags.Read(request.Tags);
        await TaggedResources.ChangeAsync(cx, request.ResourceType!, request.ResourceId!, known =>
        {
            var merged = known.ToDictionary();
            foreach (var (key, value) in added)
            {
                merged[key] = value;
            }
            return merged;
        }, stop);
        return new AddTagsToResourceResult();
    }
}
