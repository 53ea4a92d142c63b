using System.Text;
using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Rules;

namespace Longspan.Services.Ecr.Operations;

internal static class PutImage
{
    public static async ValueTask<PutImageResponse> HandleAsync(EcrContext cx, PutImageRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        var tag = request.ImageTag is null ? null : Names.RequireTag(request.ImageTag);
        var bytes = Encoding.UTF8.GetBytes(request.ImageManifest ?? "");
        if (request.ImageDigest is { } stated && stated != Manifest.DigestOf(bytes))
        {
            throw new ImageDigestDoesNotMatchException($"The digest of the image manifest is {Manifest.DigestOf(bytes)}, not {stated}.");
        }
        var outcome = await Images.PutAsync(cx, repository, bytes, request.ImageManifestMediaType, tag, stop);
        return outcome.Status switch
        {
            PutStatus.Stored => new()
            {
                Image = new()
                {
                    RegistryId = cx.AccountId,
                    RepositoryName = repository,
                    ImageId = new() { ImageDigest = outcome.Digest, ImageTag = tag },
                    ImageManifest = request.ImageManifest,
                    ImageManifestMediaType = request.ImageManifestMediaType,
                },
            },
            PutStatus.AlreadyThere => throw new ImageAlreadyExistsException(
                $"Image with digest '{outcome.Digest}' and tag '{tag}' already exists in the repository with name '{repository}' in registry with id '{cx.AccountId}'"),
            PutStatus.TagIsImmutable => throw new ImageTagAlreadyExistsException(
                $"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the tag is immutable."),
            PutStatus.MissingLayers => throw new LayersNotFoundException($"Layers with digests '{string.Join(", ", outcome.Missing)}' required for pushing image into repository with name '{repository}' do not exist"),
            PutStatus.MissingImages => throw new ReferencedImagesNotFoundException($"Images with digests '{string.Join(", ", outcome.Missing)}' required for pushing image into repository with name '{repository}' do not exist"),
            _ => throw new InvalidParameterException("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax or unsupported manifest kind'"),
        };
    }
}
