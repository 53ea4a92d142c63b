using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;

namespace Longspan.Services.Ecr;

/// <summary>Documents to wire shapes; the only file that knows both.</summary>
internal static class Shapes
{
    public static Repository ToShape(this RepositoryDocument repository, EcrContext cx) => new()
    {
        RepositoryArn = cx.ArnOf(repository.Name),
        RegistryId = cx.AccountId,
        RepositoryName = repository.Name,
        RepositoryUri = $"{cx.RegistryHost}/{repository.Name}",
        CreatedAt = repository.CreatedAt,
        ImageTagMutability = repository.ImageTagMutability,
        ImageScanningConfiguration = new() { ScanOnPush = repository.ScanOnPush },
        EncryptionConfiguration = new() { EncryptionType = "AES256" },
    };

    public static ImageDetail ToShape(this ImageDocument image, EcrContext cx, string repository, IReadOnlyList<string> tags) => new()
    {
        RegistryId = cx.AccountId,
        RepositoryName = repository,
        ImageDigest = image.Digest,
        ImageTags = tags.Count == 0 ? null : [.. tags],
        ImageSizeInBytes = image.SizeBytes,
        ImagePushedAt = image.PushedAt,
        ImageManifestMediaType = image.MediaType,
        ArtifactMediaType = image.ArtifactMediaType,
        SubjectManifestDigest = image.Subject,
    };
}
