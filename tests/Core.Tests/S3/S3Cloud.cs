using Longspan.Api.S3;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Services.S3;
using Longspan.Store;
using Longspan.Store.Files;

namespace Longspan.Core.Tests.S3;

/// <summary>S3 on a real store in a temporary folder, with a clock that tests move.</summary>
internal sealed class S3Cloud : IAsyncDisposable
{
    public const string Account = "123456789012";

    private readonly DirectoryInfo _folder;
    private readonly StoreFolder _store;

    private S3Cloud(DirectoryInfo folder, StoreFolder store, SettableClock clock)
    {
        (_folder, _store, Clock) = (folder, store, clock);
        Cloud = new Cloud(store.Documents, clock, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), folder.FullName));
        Module = new S3Module(Cloud, FileBlobStore.Open(store.PathOf("objects"), clock), store.Sealer);
        Cloud.Add(Module);
    }

    public Cloud Cloud { get; }
    public S3Module Module { get; }
    public SettableClock Clock { get; }
    public string Folder => _folder.FullName;
    public int Contents => Directory.EnumerateFiles(Path.Combine(Folder, "objects", "sha256"), "*", SearchOption.AllDirectories).Count();

    public static async Task<S3Cloud> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-s3-");
        // Blobs are as old as the files' own times say, so the clock starts at the present.
        var clock = new SettableClock(TimeProvider.System.GetUtcNow());
        return new S3Cloud(folder, await StoreFolder.OpenAsync(folder.FullName, clock), clock);
    }

    public async Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => await Cloud.CallAsync(operation, request, Caller.Platform(Account), "lab-1", default);

    public Task<CreateBucketOutput> BucketAsync(string name = "files") => CallAsync(S3Operations.CreateBucket, new() { Bucket = name });

    public Task<PutObjectOutput> PutAsync(string key, string content, string bucket = "files") =>
        CallAsync(S3Operations.PutObject, new() { Bucket = bucket, Key = key, Body = System.Text.Encoding.UTF8.GetBytes(content) });

    public async Task<string> GetAsync(string key, string bucket = "files") =>
        System.Text.Encoding.UTF8.GetString((await CallAsync(S3Operations.GetObject, new() { Bucket = bucket, Key = key })).Body!.Value.Span);

    public Task<ListObjectsV2Output> ListAsync(string? prefix = null, string? delimiter = null, int? limit = null, string? token = null) =>
        CallAsync(S3Operations.ListObjectsV2, new() { Bucket = "files", Prefix = prefix, Delimiter = delimiter, MaxKeys = limit, ContinuationToken = token });

    public async ValueTask DisposeAsync()
    {
        await Module.StopAsync();
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
