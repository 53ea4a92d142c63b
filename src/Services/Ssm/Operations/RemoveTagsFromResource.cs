using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class RemoveTagsFromResource
{
    public static async ValueTask<RemoveTagsFromResourceResult> HandleAsync(
        SsmContext cx, RemoveTagsFromResourceRequest request, CancellationToken stop)
    {
        await TaggedResources.ChangeAsync(cx, request.ResourceType!, request.ResourceId!,
            known => known.Where(t => !request.TagKeys!.Contains(t.Key)).ToDictionary(), stop);
        return new RemoveTagsFromResourceResult();
    }
}
