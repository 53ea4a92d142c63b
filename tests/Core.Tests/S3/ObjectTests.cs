using System.Security.Cryptography;
using System.Text;
using Longspan.Api.S3;
using Longspan.Api.Shapes;
using Xunit;

namespace Longspan.Core.Tests.S3;

public sealed class ObjectTests
{
    private static async Task<string> CodeOfAsync(Func<Task> call) => (await Assert.ThrowsAnyAsync<AwsError>(call)).Code;

    [Fact]
    public async Task What_was_put_is_what_is_got_with_all_that_was_said_of_it()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        var put = await cloud.CallAsync(S3Operations.PutObject, new()
        {
            Bucket = "files", Key = "app/prod.env", Body = "A=1"u8.ToArray(), ContentType = "text/plain", CacheControl = "no-cache", Metadata = new() { ["owner"] = "ann" },
        });
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData("A=1"u8))}\"", put.ETag);

        var got = await cloud.CallAsync(S3Operations.GetObject, new() { Bucket = "files", Key = "app/prod.env" });
        Assert.Equal("A=1", Encoding.UTF8.GetString(got.Body!.Value.Span));
        Assert.Equal(("text/plain", "no-cache", "ann", put.ETag), (got.ContentType, got.CacheControl, got.Metadata!["owner"], got.ETag));
        var head = await cloud.CallAsync(S3Operations.HeadObject, new() { Bucket = "files", Key = "app/prod.env" });
        Assert.Equal((3, put.ETag), (head.ContentLength, head.ETag));
    }

    [Fact]
    public async Task A_content_is_sealed_on_disk_and_goes_when_it_is_replaced_or_deleted()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        await cloud.PutAsync("a", "correct-horse-battery");
        await cloud.PutAsync("b", "correct-horse-battery");
        Assert.Equal(2, cloud.Contents);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(cloud.Folder, "objects"), "*", SearchOption.AllDirectories))
        {
            Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf("correct-horse"u8));
        }
        await cloud.PutAsync("a", "other");
        Assert.Equal("other", await cloud.GetAsync("a"));
        Assert.Equal(2, cloud.Contents);
        await cloud.CallAsync(S3Operations.DeleteObject, new() { Bucket = "files", Key = "a" });
        await cloud.CallAsync(S3Operations.DeleteObject, new() { Bucket = "files", Key = "a" });
        Assert.Equal("correct-horse-battery", await cloud.GetAsync("b"));
        Assert.Equal(1, cloud.Contents);
    }

    [Fact]
    public async Task A_content_that_no_object_names_is_removed_when_it_is_old()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        await cloud.PutAsync("kept", "x");
        await Assert.ThrowsAnyAsync<AwsError>(() => cloud.CallAsync(
            S3Operations.PutObject, new() { Bucket = "files", Key = "kept", Body = "y"u8.ToArray(), IfNoneMatch = "*" }));
        // As a crash between content and document would leave it.
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(Path.Combine(cloud.Folder, "objects", "sha256", "ab")).FullName, new string('a', 1) + "b" + new string('0', 62)), [1]);
        var pass = cloud.Module.Reconcilers.Single();
        await pass.RunAsync(S3Cloud.Account, default);
        Assert.Equal(2, cloud.Contents);
        cloud.Clock.Advance(TimeSpan.FromHours(2));
        await pass.RunAsync(S3Cloud.Account, default);
        Assert.Equal(1, cloud.Contents);
        Assert.Equal("x", await cloud.GetAsync("kept"));
    }

    [Fact]
    public async Task Buckets_are_made_once_and_deleted_when_they_are_empty()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        Assert.Equal("BucketAlreadyOwnedByYou", await CodeOfAsync(() => cloud.BucketAsync()));
        await cloud.PutAsync("a", "x");
        Assert.Equal("BucketNotEmpty", await CodeOfAsync(() => cloud.CallAsync(S3Operations.DeleteBucket, new() { Bucket = "files" })));
        await cloud.CallAsync(S3Operations.DeleteObject, new() { Bucket = "files", Key = "a" });
        Assert.Equal("lab-1", (await cloud.CallAsync(S3Operations.GetBucketLocation, new() { Bucket = "files" })).LocationConstraint);
        await cloud.CallAsync(S3Operations.DeleteBucket, new() { Bucket = "files" });
        Assert.Equal("NoSuchBucket", await CodeOfAsync(() => cloud.PutAsync("a", "x")));
        Assert.Empty((await cloud.CallAsync(S3Operations.ListBuckets, new())).Buckets!);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("Upper")]
    [InlineData("192.168.1.1")]
    [InlineData("-dash")]
    [InlineData("two..dots")]
    [InlineData("under_score")]
    public async Task Names_that_are_none_are_refused(string name)
    {
        await using var cloud = await S3Cloud.StartAsync();
        Assert.Equal("InvalidBucketName", await CodeOfAsync(() => cloud.BucketAsync(name)));
    }

    [Fact]
    public async Task Wrong_requests_change_nothing()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        Assert.Equal("NoSuchKey", await CodeOfAsync(() => cloud.GetAsync("none")));
        Assert.Equal("NoSuchBucket", await CodeOfAsync(() => cloud.GetAsync("none", "nowhere")));
        Assert.Equal("KeyTooLongError", await CodeOfAsync(() => cloud.PutAsync(new string('k', 1025), "x")));
        Assert.Equal("BadDigest", await CodeOfAsync(() => cloud.CallAsync(S3Operations.PutObject, new() { Bucket = "files", Key = "a", Body = "x"u8.ToArray(), ContentMD5 = "AAAA" })));
        Assert.Equal("NotImplemented", await CodeOfAsync(() => cloud.CallAsync(S3Operations.PutObject, new() { Bucket = "files", Key = "a", ServerSideEncryption = "aws:kms" })));
        Assert.Equal("NotFound", await CodeOfAsync(() => cloud.CallAsync(S3Operations.HeadObject, new() { Bucket = "files", Key = "a" })));
        Assert.Equal(0, (await cloud.ListAsync()).KeyCount);
    }

    [Fact]
    public async Task Conditions_are_kept_to()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        var etag = (await cloud.PutAsync("a", "x")).ETag;
        Task<PutObjectOutput> Put(string? match, string? none) =>
            cloud.CallAsync(S3Operations.PutObject, new() { Bucket = "files", Key = "a", Body = "y"u8.ToArray(), IfMatch = match, IfNoneMatch = none });
        Assert.Equal("PreconditionFailed", await CodeOfAsync(() => Put(null, "*")));
        Assert.Equal("PreconditionFailed", await CodeOfAsync(() => Put("\"0123\"", null)));
        Assert.Equal("NotModified", await CodeOfAsync(() => cloud.CallAsync(S3Operations.GetObject, new() { Bucket = "files", Key = "a", IfNoneMatch = etag })));
        Assert.Equal("x", await cloud.GetAsync("a"));
        await Put(etag, null);
        Assert.Equal("y", await cloud.GetAsync("a"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task Pages_tell_each_key_and_each_common_prefix_once(int limit)
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        string[] keys = ["a", "dir/1", "dir/2", "dir/\U0001F600", "dir/sub/3", "e", "é/1", "z"];
        foreach (var key in keys)
        {
            await cloud.PutAsync(key, "x");
        }
        var (seen, prefixes) = (new List<string>(), new List<string>());
        string? token = null;
        do
        {
            var page = await cloud.ListAsync(delimiter: "/", limit: limit, token: token);
            Assert.InRange(page.KeyCount!.Value, 1, limit);
            seen.AddRange(page.Contents!.Select(o => o.Key!));
            prefixes.AddRange(page.CommonPrefixes!.Select(p => p.Prefix!));
            Assert.Equal(page.IsTruncated == true, page.NextContinuationToken is not null);
            token = page.NextContinuationToken;
        }
        while (token is not null);
        Assert.Equal(["a", "e", "z"], seen);
        Assert.Equal(["dir/", "é/"], prefixes);
        Assert.Equal(["dir/1", "dir/2", "dir/\U0001F600"], (await cloud.ListAsync("dir/", "/")).Contents!.Select(o => o.Key));
        Assert.Equal("InvalidArgument", await CodeOfAsync(() => cloud.ListAsync(token: "!")));
    }

    [Fact]
    public async Task Many_are_deleted_with_one_call()
    {
        await using var cloud = await S3Cloud.StartAsync();
        await cloud.BucketAsync();
        await cloud.PutAsync("a", "x");
        await cloud.PutAsync("b", "x");
        var answer = await cloud.CallAsync(
            S3Operations.DeleteObjects, new() { Bucket = "files", Delete = new() { Objects = [new() { Key = "a" }, new() { Key = "none" }] } });
        Assert.Equal(["a", "none"], answer.Deleted!.Select(d => d.Key));
        Assert.Equal(["b"], (await cloud.ListAsync()).Contents!.Select(o => o.Key));
    }
}
