using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

internal static class InitiateLayerUpload
{
    /// <summary>What the answer tells clients to send per part.</summary>
    private const long PartBytes = 10 * 1024 * 1024;

    public static async ValueTask<InitiateLayerUploadResponse> HandleAsync(EcrContext cx, InitiateLayerUploadRequest request, CancellationToken stop)
    {
        await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop);
        var id = await cx.Blobs.BeginUploadAsync(stop) ?? throw new LimitExceededException("Too many uploads are in progress; finish some or wait.");
        return new() { UploadId = id, PartSize = PartBytes };
    }
}
