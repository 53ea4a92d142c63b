using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;

namespace Longspan.Services.Ecr.Operations;

internal static class DescribeImages
{
    public static async ValueTask<DescribeImagesResponse> HandleAsync(EcrContext cx, DescribeImagesRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        if (request.ImageIds is { Count: > 0 } ids)
        {
            return new() { ImageDetails = await NamedAsync(cx, repository, ids, stop) };
        }
        var (after, size) = Paging.Read(request.NextToken, request.MaxResults);
        var images = await cx.Documents.ListAsync(EcrKinds.Image, cx.ScopeOf(repository), stop, afterName: after, limit: size + 1);
        var details = new List<ImageDetail>();
        foreach (var image in images.Take(size))
        {
            var tags = await Images.TagsOfAsync(cx, repository, image.Value.Digest, stop);
            if (request.Filter?.TagStatus is null or "ANY" || request.Filter.TagStatus == "TAGGED" == tags.Count > 0)
            {
                details.Add(image.Value.ToShape(cx, repository, tags));
            }
        }
        return new() { ImageDetails = details, NextToken = Paging.Next([.. images.Select(image => image.Key.Name)], size) };
    }

    private static async ValueTask<List<ImageDetail>> NamedAsync(EcrContext cx, string repository, List<ImageIdentifier> ids, CancellationToken stop)
    {
        var details = new List<ImageDetail>();
        foreach (var id in Paging.Names(ids, "imageIds"))
        {
            var image = await Images.FindAsync(cx, repository, id.ImageTag, id.ImageDigest, stop) ?? throw new ImageNotFoundException(
                $"The image with imageId {{imageDigest:'{id.ImageDigest ?? "null"}', imageTag:'{id.ImageTag ?? "null"}'}} does not exist within the repository with name '{repository}' in the registry with id '{cx.AccountId}'");
            details.Add(image.Value.ToShape(cx, repository, await Images.TagsOfAsync(cx, repository, image.Value.Digest, stop)));
        }
        return details;
    }
}
