using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;

namespace Longspan.Services.Ecr.Operations;

/// <summary>Lists image identifiers: one per tag, and one without a tag for each untagged image.</summary>
internal static class ListImages
{
    public static async ValueTask<ListImagesResponse> HandleAsync(EcrContext cx, ListImagesRequest request, CancellationToken stop)
    {
        var repository = await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop);
        var (after, size) = Paging.Read(request.NextToken, request.MaxResults);
        var images = await cx.Documents.ListAsync(EcrKinds.Image, cx.ScopeOf(repository.Value.Name), stop, afterName: after, limit: size + 1);
        var ids = new List<ImageIdentifier>();
        foreach (var image in images.Take(size))
        {
            var tags = await Images.TagsOfAsync(cx, repository.Value.Name, image.Value.Digest, stop);
            if (tags.Count == 0 && request.Filter?.TagStatus is null or "ANY" or "UNTAGGED")
            {
                ids.Add(new() { ImageDigest = image.Value.Digest });
            }
            if (request.Filter?.TagStatus is null or "ANY" or "TAGGED")
            {
                ids.AddRange(tags.Select(tag => new ImageIdentifier { ImageDigest = image.Value.Digest, ImageTag = tag }));
            }
        }
        return new() { ImageIds = ids, NextToken = Paging.Next([.. images.Select(image => image.Key.Name)], size) };
    }
}
