using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Services.Ecr.Rules;

namespace Longspan.Services.Ecr.Operations;

internal static class BatchCheckLayerAvailability
{
    public static async ValueTask<BatchCheckLayerAvailabilityResponse> HandleAsync(
        EcrContext cx, BatchCheckLayerAvailabilityRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        var response = new BatchCheckLayerAvailabilityResponse { Layers = [], Failures = [] };
        foreach (var digest in Paging.Names(request.LayerDigests, "layerDigests"))
        {
            if (!Names.IsDigest(digest))
            {
                response.Failures.Add(new() { LayerDigest = digest, FailureCode = "InvalidLayerDigest", FailureReason = "The layer digest is not valid" });
                continue;
            }
            var layer = await cx.Documents.GetAsync(EcrKinds.Layer, cx.ScopeOf(repository), digest, stop);
            response.Layers.Add(layer is null
                ? new() { LayerDigest = digest, LayerAvailability = "UNAVAILABLE" }
                : new() { LayerDigest = digest, LayerAvailability = "AVAILABLE", LayerSize = layer.Value.SizeBytes, MediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip" });
        }
        return response;
    }
}
