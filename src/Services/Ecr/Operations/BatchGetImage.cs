using System.Text;
using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class BatchGetImage
{
    public static async ValueTask<BatchGetImageResponse> HandleAsync(EcrContext cx, BatchGetImageRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        var response = new BatchGetImageResponse { Images = [], Failures = [] };
        foreach (var id in Paging.Names(request.ImageIds, "imageIds"))
        {
            var image = await Images.FindAsync(cx, repository, id.ImageTag, id.ImageDigest, stop);
            var manifest = image is null ? null : await ManifestBlobs.ReadAsync(cx.Blobs, image.Value.Digest, stop);
            if (image is null || manifest is null)
            {
                response.Failures.Add(new() { ImageId = id, FailureCode = "ImageNotFound", FailureReason = "Requested image not found" });
                continue;
            }
            response.Images.Add(new()
            {
                RegistryId = cx.AccountId,
                RepositoryName = repository,
                ImageId = new() { ImageDigest = image.Value.Digest, ImageTag = id.ImageTag },
                ImageManifest = Encoding.UTF8.GetString(manifest),
                ImageManifestMediaType = image.Value.MediaType,
            });
        }
        return response;
    }
}
