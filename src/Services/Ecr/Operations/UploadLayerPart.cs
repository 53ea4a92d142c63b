using System.Runtime.InteropServices;
using Longspan.Api.Ecr;
using Longspan.Store.Blobs;

namespace Longspan.Services.Ecr.Operations;

internal static class UploadLayerPart
{
    public static async ValueTask<UploadLayerPartResponse> HandleAsync(EcrContext cx, UploadLayerPartRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        var bytes = request.LayerPartBlob ?? default;
        if (request.PartFirstByte < 0 || request.PartLastByte - request.PartFirstByte + 1 != bytes.Length)
        {
            throw new InvalidParameterException("Invalid parameter at 'partLastByte' failed to satisfy constraint: 'the range must be as long as the part'");
        }
        using var content = MemoryMarshal.TryGetArray(bytes, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(bytes.ToArray());
        var answer = await cx.Blobs.AppendAsync(request.UploadId ?? "", request.PartFirstByte, content, stop);
        return answer.Status switch
        {
            UploadStatus.Ok => new() { RegistryId = cx.AccountId, RepositoryName = repository, UploadId = request.UploadId, LastByteReceived = answer.Size - 1 },
            UploadStatus.NoSuchUpload => throw new UploadNotFoundException($"The upload with id '{request.UploadId}' does not exist."),
            _ => throw new InvalidLayerPartException($"The part does not fit the upload: the last byte that was received is {answer.Size - 1}."),
        };
    }
}
