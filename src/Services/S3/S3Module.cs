using Longspan.Api.S3;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.S3.Operations;
using Longspan.Services.S3.Reconcilers;
using Longspan.Store;
using Longspan.Store.Blobs;

namespace Longspan.Services.S3;

/// <summary>
/// The part of S3 that a cluster needs beside it: environment files, templates, artifacts. Buckets and objects are documents, contents are sealed
/// blobs in a store of their own.
/// </summary>
public sealed class S3Module : ServiceModule<S3Context>
{
    private readonly BlobStore _blobs;
    private readonly SealedBox _box;

    /// <param name="blobs">Owned from here on: closed with the module.</param>
    public S3Module(Cloud cloud, BlobStore blobs, Sealer sealer)
        : base(S3Operations.Service)
    {
        (_blobs, _box) = (blobs, new SealedBox(sealer, "longspan/s3-object/1"));
        Reconcilers = [new OrphanReconciler(cloud, blobs)];
        Map(S3Operations.CreateBucket, CreateBucket.HandleAsync, (_, request) => S3Access.Bucket(request.Bucket));
        Map(S3Operations.DeleteBucket, DeleteBucket.HandleAsync, (_, request) => S3Access.Bucket(request.Bucket));
        Map(S3Operations.DeleteObject, DeleteObject.HandleAsync, (_, request) => S3Access.Object(request.Bucket, request.Key));
        Map(S3Operations.DeleteObjects, DeleteObjects.HandleAsync, S3Access.DeleteObjectsAsync);
        Map(S3Operations.GetBucketLocation, GetBucketLocation.HandleAsync, (_, request) => S3Access.Bucket(request.Bucket));
        Map(S3Operations.GetObject, GetObject.HandleAsync, (_, request) => S3Access.Object(request.Bucket, request.Key));
        Map(S3Operations.HeadBucket, HeadBucket.HandleAsync, S3Access.HeadBucketAsync);
        Map(S3Operations.HeadObject, HeadObject.HandleAsync, S3Access.HeadObjectAsync);
        Map(S3Operations.ListBuckets, ListBuckets.HandleAsync, S3Access.ListBucketsAsync);
        Map(S3Operations.ListObjectsV2, ListObjectsV2.HandleAsync, S3Access.ListObjectsAsync);
        Map(S3Operations.PutObject, PutObject.HandleAsync, (_, request) => S3Access.Object(request.Bucket, request.Key));
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    public override ValueTask StopAsync() => _blobs.DisposeAsync();

    public override ValueTask ResetAsync(CancellationToken stop) => _blobs.ResetAsync(stop);

    protected override S3Context NewContext(CallContext call) => new(call, _blobs, _box);
}
