using Longspan.Api.Ecr;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ecr.Operations;
using Longspan.Services.Ecr.Reconcilers;
using Longspan.Services.Ecr.Registry;
using Longspan.Store;
using Longspan.Store.Blobs;
using Microsoft.AspNetCore.Routing;

namespace Longspan.Services.Ecr;

/// <summary>The Elastic Container Registry: repositories and images by the ECR API, and the OCI distribution API that clients push to.</summary>
public sealed class EcrModule : ServiceModule<EcrContext>
{
    private readonly BlobStore _blobs;
    private readonly RegistryTokens _tokens;
    private readonly RegistryEndpoints _registry;

    /// <param name="sealer">A key for this service alone is derived from its.</param>
    public EcrModule(Cloud cloud, BlobStore blobs, Sealer sealer)
        : base(EcrOperations.Service)
    {
        _blobs = blobs;
        _tokens = new RegistryTokens(sealer, cloud.Clock);
        _registry = new RegistryEndpoints(cloud, blobs, _tokens);
        Reconcilers = [new RepositoryDeletionReconciler(cloud.Documents)];

        Map(EcrOperations.BatchCheckLayerAvailability, BatchCheckLayerAvailability.HandleAsync);
        Map(EcrOperations.BatchDeleteImage, BatchDeleteImage.HandleAsync);
        Map(EcrOperations.BatchGetImage, BatchGetImage.HandleAsync);
        Map(EcrOperations.CompleteLayerUpload, CompleteLayerUpload.HandleAsync);
        Map(EcrOperations.CreateRepository, CreateRepository.HandleAsync);
        Map(EcrOperations.DeleteRepository, DeleteRepository.HandleAsync);
        Map(EcrOperations.DeleteRepositoryPolicy, DeleteRepositoryPolicy.HandleAsync);
        Map(EcrOperations.DescribeImages, DescribeImages.HandleAsync);
        Map(EcrOperations.DescribeRepositories, DescribeRepositories.HandleAsync);
        Map(EcrOperations.GetAuthorizationToken, GetAuthorizationToken.HandleAsync);
        Map(EcrOperations.GetDownloadUrlForLayer, GetDownloadUrlForLayer.HandleAsync);
        Map(EcrOperations.GetRepositoryPolicy, GetRepositoryPolicy.HandleAsync);
        Map(EcrOperations.InitiateLayerUpload, InitiateLayerUpload.HandleAsync);
        Map(EcrOperations.ListImages, ListImages.HandleAsync);
        Map(EcrOperations.ListTagsForResource, ListTagsForResource.HandleAsync);
        Map(EcrOperations.PutImage, PutImage.HandleAsync);
        Map(EcrOperations.PutImageTagMutability, PutImageTagMutability.HandleAsync);
        Map(EcrOperations.SetRepositoryPolicy, SetRepositoryPolicy.HandleAsync);
        Map(EcrOperations.TagResource, TagResource.HandleAsync);
        Map(EcrOperations.UntagResource, UntagResource.HandleAsync);
        Map(EcrOperations.UploadLayerPart, UploadLayerPart.HandleAsync);
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    public override void MapEndpoints(IEndpointRouteBuilder routes, RequestAuthenticator authenticate) => _registry.Map(routes);

    protected override EcrContext NewContext(CallContext call) => new(call, _blobs, _tokens);
}
