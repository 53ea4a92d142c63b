using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class UntagResource
{
    public static async ValueTask<UntagResourceResponse> HandleAsync(EcrContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        await RepositoryChange.ApplyAsync(
            cx, () => cx.RequireRepositoryOfArnAsync(request.ResourceArn, stop),
            old => old with { Tags = old.Tags.Where(tag => request.TagKeys?.Contains(tag.Key) != true).ToDictionary(StringComparer.Ordinal) }, stop);
        return new();
    }
}
