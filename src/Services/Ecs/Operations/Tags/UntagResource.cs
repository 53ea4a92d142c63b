using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class UntagResource
{
    public static async ValueTask<UntagResourceResponse> HandleAsync(EcsContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        if (request.TagKeys?.FirstOrDefault(k => k.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)) is { } reserved)
        {
            throw new InvalidParameterException($"The tag {reserved} is managed by AWS and can't be removed.");
        }
        await TaggedResource.ChangeAsync(cx, request.ResourceArn, tags =>
            tags.Where(t => request.TagKeys?.Contains(t.Key) is not true).ToDictionary(StringComparer.Ordinal), stop);
        TaggedResource.Wake(cx, request.ResourceArn);
        return new UntagResourceResponse();
    }
}
