using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class BatchDeleteImage
{
    public static async ValueTask<BatchDeleteImageResponse> HandleAsync(EcrContext cx, BatchDeleteImageRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        var response = new BatchDeleteImageResponse { ImageIds = [], Failures = [] };
        foreach (var id in Paging.Names(request.ImageIds, "imageIds"))
        {
            if (id.ImageTag is null && id.ImageDigest is null)
            {
                response.Failures.Add(new() { ImageId = id, FailureCode = "MissingDigestAndTag", FailureReason = "Invalid request parameters: both tag and digest cannot be null" });
                continue;
            }
            var image = await Images.FindAsync(cx, repository, id.ImageTag, id.ImageDigest, stop);
            switch (await Images.DeleteAsync(cx, repository, id.ImageTag, id.ImageDigest, stop))
            {
                case DeleteStatus.Deleted:
                    response.ImageIds.Add(new() { ImageDigest = image?.Value.Digest ?? id.ImageDigest, ImageTag = id.ImageTag });
                    break;
                case DeleteStatus.NotFound:
                    response.Failures.Add(new() { ImageId = id, FailureCode = "ImageNotFound", FailureReason = "Requested image not found" });
                    break;
                case DeleteStatus.ReferencedByIndex:
                    response.Failures.Add(new()
                    {
                        ImageId = id, FailureCode = "ImageReferencedByManifestList", FailureReason = "Requested image referenced by manifest list",
                    });
                    break;
            }
        }
        return response;
    }
}
