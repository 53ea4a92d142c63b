using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class TagResource
{
    public const int MaximumTags = 50;

    public static async ValueTask<TagResourceResponse> HandleAsync(EcsContext cx, TagResourceRequest request, CancellationToken stop)
    {
        var given = Shapes.Tags(request.Tags);
        DisconnectPolicy.Check(given);
        OfflineCredentials.Check(given);
        await TaggedResource.ChangeAsync(cx, request.ResourceArn, tags =>
        {
            var next = new Dictionary<string, string>(tags, StringComparer.Ordinal);
            foreach (var (key, value) in given)
            {
                next[key] = value;
            }
            return next.Count <= MaximumTags ? next : throw new InvalidParameterException("Too many tags.");
        }, stop);
        TaggedResource.Wake(cx, request.ResourceArn);
        return new TagResourceResponse();
    }
}
