using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class TagResource
{
    private const int MaximumTags = 50;

    public static async ValueTask<TagResourceResponse> HandleAsync(EcrContext cx, TagResourceRequest request, CancellationToken stop)
    {
        await RepositoryChange.ApplyAsync(cx, () => cx.RequireRepositoryOfArnAsync(request.ResourceArn, stop), old =>
        {
            var tags = new Dictionary<string, string>(old.Tags, StringComparer.Ordinal);
            foreach (var tag in request.Tags ?? [])
            {
                tags[tag.Key ?? ""] = tag.Value ?? "";
            }
            return tags.Count <= MaximumTags ? old with { Tags = tags } : throw new TooManyTagsException($"A repository can have at most {MaximumTags} tags.");
        }, stop);
        return new();
    }
}
