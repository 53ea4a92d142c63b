using Longspan.Api.Ecr;
using Longspan.Store.Blobs;

namespace Longspan.Services.Ecr.Operations;

internal static class CompleteLayerUpload
{
    public static async ValueTask<CompleteLayerUploadResponse> HandleAsync(EcrContext cx, CompleteLayerUploadRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        if (request.LayerDigests is not [var digest] || !BlobDigest.TryParse(digest, out var claimed))
        {
            throw new InvalidParameterException("Invalid parameter at 'layerDigests' failed to satisfy constraint: 'one sha256 digest is needed'");
        }
        if (await Layers.FindAsync(cx, repository, digest, stop) is not null)
        {
            await cx.Blobs.CancelUploadAsync(request.UploadId ?? "", stop);
            throw new LayerAlreadyExistsException($"The layer with digest '{digest}' already exists in the repository with name '{repository}' in the registry with id '{cx.AccountId}'");
        }
        var answer = await cx.Blobs.FinishUploadAsync(request.UploadId ?? "", claimed, stop);
        switch (answer.Status)
        {
            case UploadStatus.Ok when answer.Size == 0:
                throw new EmptyUploadException("The upload has no parts.");
            case UploadStatus.Ok:
                await Layers.RecordAsync(cx, repository, claimed, answer.Size, stop);
                return new() { RegistryId = cx.AccountId, RepositoryName = repository, UploadId = request.UploadId, LayerDigest = digest };
            case UploadStatus.NoSuchUpload:
                throw new UploadNotFoundException($"The upload with id '{request.UploadId}' does not exist.");
            case UploadStatus.DigestMismatch:
                throw new InvalidLayerException($"The uploaded layer does not have the digest '{digest}'.");
            default:
                throw new ServerException("A part of the upload is still coming in; try again.");
        }
    }
}
