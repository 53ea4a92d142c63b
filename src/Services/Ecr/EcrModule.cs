using Longspan.Api.Ecr;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
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

        MapRepository(EcrOperations.BatchCheckLayerAvailability, BatchCheckLayerAvailability.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.BatchDeleteImage, BatchDeleteImage.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.BatchGetImage, BatchGetImage.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.CompleteLayerUpload, CompleteLayerUpload.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        Map(EcrOperations.CreateRepository, CreateRepository.HandleAsync, (cx, r, _) => ValueTask.FromResult(EcrAccess.Create(cx, r)));
        MapRepository(EcrOperations.DeleteRepository, DeleteRepository.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.DeleteRepositoryPolicy, DeleteRepositoryPolicy.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.DescribeImages, DescribeImages.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        Map(EcrOperations.DescribeRepositories, DescribeRepositories.HandleAsync, EcrAccess.DescribeAsync);
        Map(EcrOperations.GetAuthorizationToken, GetAuthorizationToken.HandleAsync, (_, _) => "*");
        MapRepository(EcrOperations.GetDownloadUrlForLayer, GetDownloadUrlForLayer.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.GetRepositoryPolicy, GetRepositoryPolicy.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.InitiateLayerUpload, InitiateLayerUpload.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.ListImages, ListImages.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        Map(EcrOperations.ListTagsForResource, ListTagsForResource.HandleAsync, async (cx, r, stop) => [await EcrAccess.TaggedAsync(cx, "ecr:ListTagsForResource", r.ResourceArn, stop)]);
        MapRepository(EcrOperations.PutImage, PutImage.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.PutImageTagMutability, PutImageTagMutability.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        MapRepository(EcrOperations.SetRepositoryPolicy, SetRepositoryPolicy.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
        Map(EcrOperations.TagResource, TagResource.HandleAsync,
            async (cx, r, stop) => [await EcrAccess.TaggedAsync(cx, "ecr:TagResource", r.ResourceArn, stop) with { RequestTags = EcrAccess.Tags(r.Tags) }]);
        Map(EcrOperations.UntagResource, UntagResource.HandleAsync,
            async (cx, r, stop) => [(await EcrAccess.TaggedAsync(cx, "ecr:UntagResource", r.ResourceArn, stop)).With(AccessRules.TagKeys(r.TagKeys))]);
        MapRepository(EcrOperations.UploadLayerPart, UploadLayerPart.HandleAsync, r => r.RepositoryName, r => r.RegistryId);
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    public override void MapEndpoints(IEndpointRouteBuilder routes, RequestAuthenticator authenticate) => _registry.Map(routes);

    protected override EcrContext NewContext(CallContext call) => new(call, _blobs, _tokens);

    /// <summary>An operation on one repository.</summary>
    private void MapRepository<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<EcrContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<TRequest, string?> registryId)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var action = $"ecr:{operation.Name}";
        Map(operation, handler, async (cx, request, stop) => [await EcrAccess.RepositoryAsync(cx, action, name(request), registryId(request), stop)]);
    }
}
