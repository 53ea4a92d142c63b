using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

/// <summary>A URL that serves the layer without further credentials for one hour, as ECR's presigned ones do.</summary>
internal static class GetDownloadUrlForLayer
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public static async ValueTask<GetDownloadUrlForLayerResponse> HandleAsync(EcrContext cx, GetDownloadUrlForLayerRequest request, CancellationToken stop)
    {
        var repository = (await cx.RequireRepositoryAsync(request.RepositoryName, request.RegistryId, stop)).Value.Name;
        if (await Layers.FindAsync(cx, repository, request.LayerDigest ?? "", stop) is not { } layer)
        {
            throw new LayersNotFoundException($"The layer with digest '{request.LayerDigest}' does not exist in the repository with name '{repository}' in the registry with id '{cx.AccountId}'");
        }
        var token = cx.Tokens.Issue(RegistryClaims.Of(cx.Call, cx.Now + Lifetime, $"{repository}@{layer.Key.Name}"));
        return new()
        {
            LayerDigest = layer.Key.Name,
            DownloadUrl = $"{cx.Call.Endpoint.GetLeftPart(UriPartial.Authority)}/v2/{repository}/blobs/{layer.Key.Name}?token={token}",
        };
    }
}
