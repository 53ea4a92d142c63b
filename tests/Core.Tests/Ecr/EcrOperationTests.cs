using System.Net;
using System.Text;
using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Documents;
using Longspan.Services.Ecr.Reconcilers;
using Longspan.Store.Documents;
using Xunit;
using static Longspan.Core.Tests.Ecr.RegistryCloud;

namespace Longspan.Core.Tests.Ecr;

public sealed class EcrOperationTests : RegistryCase
{
    private static readonly string s_arn = $"arn:aws:ecr:{Region}:{Account}:repository/{Repository}";

    [Fact]
    public async Task A_repository_is_described_with_the_address_by_which_the_caller_came()
    {
        var repository = Assert.Single((await DescribeAsync()).Repositories!);
        Assert.Equal((Repository, s_arn, Account), (repository.RepositoryName, repository.RepositoryArn, repository.RegistryId));
        Assert.Equal($"{Registry.Endpoint.Authority}/{Repository}", repository.RepositoryUri);
        Assert.Equal("MUTABLE", repository.ImageTagMutability);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("Orders")]
    [InlineData("orders/")]
    [InlineData("/orders")]
    [InlineData("orders//web")]
    [InlineData("../orders")]
    [InlineData("orders/..")]
    [InlineData("orders\n")]
    [InlineData("orders web")]
    public async Task Bad_repository_names_are_refused(string name) =>
        await Assert.ThrowsAsync<InvalidParameterException>(() => Registry.RepositoryAsync(name));

    [Fact]
    public async Task Repositories_are_found_listed_in_pages_and_not_made_twice()
    {
        await Assert.ThrowsAsync<RepositoryAlreadyExistsException>(() => Registry.RepositoryAsync(Repository));
        await Assert.ThrowsAsync<RepositoryNotFoundException>(() => DescribeAsync(request => request.RepositoryNames = ["no-such"]));
        await Registry.RepositoryAsync("aa");
        await Registry.RepositoryAsync("zz");
        var first = await DescribeAsync(request => request.MaxResults = 2);
        Assert.Equal(["aa", Repository], first.Repositories!.Select(one => one.RepositoryName!));
        var second = await DescribeAsync(request => (request.MaxResults, request.NextToken) = (2, first.NextToken));
        Assert.Equal(["zz"], second.Repositories!.Select(one => one.RepositoryName!));
        Assert.Null(second.NextToken);
        await Assert.ThrowsAsync<InvalidParameterException>(() => DescribeAsync(request => request.NextToken = "!"));
    }

    [Fact]
    public async Task A_repository_with_images_is_deleted_by_force_only_and_comes_back_empty()
    {
        await Registry.ImageAsync(Repository, "v1");
        await Assert.ThrowsAsync<RepositoryNotEmptyException>(() => DeleteAsync());
        await DeleteAsync(force: true);
        Assert.Empty((await DescribeAsync()).Repositories!);
        await Assert.ThrowsAsync<RepositoryNotFoundException>(() => DeleteAsync());

        await Registry.RepositoryAsync(Repository);
        Assert.Empty(await ImagesAsync());
        await AssertNoLeftoversAsync();
    }

    [Fact]
    public async Task A_deletion_cut_short_is_finished_before_the_name_is_used_again()
    {
        await LeaveHalfDeletedAsync();
        await Assert.ThrowsAsync<RepositoryNotFoundException>(() => DeleteAsync());
        Assert.Empty((await DescribeAsync()).Repositories!);
        Assert.Equal(HttpStatusCode.NotFound, (await Registry.Http.GetAsync($"/v2/{Repository}/manifests/v1")).StatusCode);

        await Registry.RepositoryAsync(Repository);
        Assert.Empty(await ImagesAsync());
        await AssertNoLeftoversAsync();
    }

    [Fact]
    public async Task A_deletion_cut_short_is_finished_by_a_pass()
    {
        await LeaveHalfDeletedAsync();
        var pass = Registry.Module.Reconcilers.OfType<RepositoryDeletionReconciler>().Single();
        await pass.RunAsync(Assert.Single(await pass.ListShardsAsync(default)), default);
        Assert.Empty(await Registry.Store.Documents.ListAllAsync(EcrKinds.Repository, default));
        await AssertNoLeftoversAsync();
        Assert.Empty(await pass.ListShardsAsync(default));
    }

    [Fact]
    public async Task An_image_is_put_and_read_by_operations()
    {
        var manifest = TestManifests.Image(await Registry.BlobAsync(Repository, Bytes(16)));
        var put = await PutImageAsync(manifest, "v1");
        Assert.Equal(DigestOf(manifest), put.Image!.ImageId!.ImageDigest);

        var got = await Registry.CallAsync(EcrOperations.BatchGetImage, new BatchGetImageRequest
        {
            RepositoryName = Repository,
            ImageIds = [new() { ImageTag = "v1" }, new() { ImageDigest = DigestOf(manifest) }, new() { ImageTag = "no-such" }],
        });
        Assert.All(got.Images!, image => Assert.Equal(Encoding.UTF8.GetString(manifest), image.ImageManifest));
        Assert.Equal(2, got.Images!.Count);
        Assert.Equal("ImageNotFound", Assert.Single(got.Failures!).FailureCode);

        await Assert.ThrowsAsync<ImageAlreadyExistsException>(() => PutImageAsync(manifest, "v1"));
        await Assert.ThrowsAsync<LayersNotFoundException>(() => PutImageAsync(TestManifests.Image(DigestOf(Bytes(1))), "v2"));
        await Assert.ThrowsAsync<InvalidParameterException>(() => PutImageAsync("{}"u8.ToArray(), "v2"));
        await Assert.ThrowsAsync<InvalidParameterException>(() => PutImageAsync(manifest, "v2\n"));
        await Assert.ThrowsAsync<ImageDigestDoesNotMatchException>(() => PutImageAsync(manifest, "v2", DigestOf(Bytes(1))));
    }

    [Fact]
    public async Task Mutability_is_changed()
    {
        await Registry.CallAsync(
            EcrOperations.PutImageTagMutability, new PutImageTagMutabilityRequest { RepositoryName = Repository, ImageTagMutability = "IMMUTABLE" });
        await Registry.ImageAsync(Repository, "v1");
        var other = TestManifests.Image(await Registry.BlobAsync(Repository, Bytes(16)));
        await Assert.ThrowsAsync<ImageTagAlreadyExistsException>(() => PutImageAsync(other, "v1"));
        await Assert.ThrowsAsync<InvalidParameterException>(() => Registry.CallAsync(
            EcrOperations.PutImageTagMutability, new PutImageTagMutabilityRequest { RepositoryName = Repository, ImageTagMutability = "SOMETIMES" }));
    }

    [Fact]
    public async Task Images_are_listed_by_tag_status()
    {
        var former = DigestOf(await Registry.ImageAsync(Repository, "v1"));
        var current = DigestOf(await Registry.ImageAsync(Repository, "v1"));
        Assert.Equal([(former, null), (current, "v1")], (await ImagesAsync()).OrderBy(one => one.Item2));
        Assert.Equal([(current, "v1")], await ImagesAsync("TAGGED"));
        Assert.Equal([(former, null)], await ImagesAsync("UNTAGGED"));
        await Assert.ThrowsAsync<ImageNotFoundException>(() => Registry.CallAsync(
            EcrOperations.DescribeImages, new DescribeImagesRequest { RepositoryName = Repository, ImageIds = [new() { ImageTag = "no-such" }] }));
    }

    [Fact]
    public async Task Images_are_deleted_in_batches_with_a_reason_for_each_that_stays()
    {
        var image = DigestOf(await Registry.ImageAsync(Repository, "v1"));
        var member = DigestOf(await Registry.ImageAsync(Repository, "amd64"));
        await Registry.PutManifestAsync(Repository, "all", TestManifests.Index(member), TestManifests.OciIndex);
        var deleted = await Registry.CallAsync(EcrOperations.BatchDeleteImage, new BatchDeleteImageRequest
        {
            RepositoryName = Repository,
            ImageIds = [new() { ImageTag = "v1" }, new() { ImageDigest = member }, new() { ImageTag = "no-such" }, new()],
        });
        Assert.Equal(image, Assert.Single(deleted.ImageIds!).ImageDigest);
        Assert.Equal(["ImageReferencedByManifestList", "ImageNotFound", "MissingDigestAndTag"], deleted.Failures!.Select(one => one.FailureCode!));
        Assert.DoesNotContain((image, "v1"), await ImagesAsync());
    }

    [Fact]
    public async Task More_than_a_hundred_names_are_refused_and_not_cut_off()
    {
        var request = new BatchDeleteImageRequest { RepositoryName = Repository, ImageIds = [.. Enumerable.Range(0, 101).Select(i => new ImageIdentifier { ImageTag = $"v{i}" })] };
        await Registry.ImageAsync(Repository, "v1");
        await Assert.ThrowsAsync<InvalidParameterException>(() => Registry.CallAsync(EcrOperations.BatchDeleteImage, request));
        Assert.Single(await ImagesAsync());
    }

    [Fact]
    public async Task A_layer_is_uploaded_in_parts_and_downloaded_by_its_url_alone()
    {
        var content = Bytes(300);
        var upload = (await BeginAsync()).UploadId!;
        Assert.Equal(199, (await PartAsync(upload, 0, content[..200])).LastByteReceived);
        await Assert.ThrowsAsync<InvalidLayerPartException>(() => PartAsync(upload, 100, content[100..]));
        Assert.Equal(299, (await PartAsync(upload, 200, content[200..])).LastByteReceived);
        Assert.Equal(DigestOf(content), (await CompleteAsync(upload, DigestOf(content))).LayerDigest);
        await Assert.ThrowsAsync<UploadNotFoundException>(() => CompleteAsync(upload, DigestOf(Bytes(1))));

        using var stranger = new HttpClient();
        var url = (await UrlAsync(DigestOf(content))).DownloadUrl!;
        Assert.Equal(content, await stranger.GetByteArrayAsync(url));

        // The URL opens this layer and nothing else.
        var other = await Registry.BlobAsync(Repository, Bytes(10));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(url.Replace(DigestOf(content), other, StringComparison.Ordinal))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.DeleteAsync(url)).StatusCode);
        Registry.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(url)).StatusCode);
        await Assert.ThrowsAsync<LayersNotFoundException>(() => UrlAsync(DigestOf(Bytes(1))));
    }

    [Fact]
    public async Task A_layer_with_another_digest_is_refused()
    {
        var upload = (await BeginAsync()).UploadId!;
        await PartAsync(upload, 0, Bytes(10));
        await Assert.ThrowsAsync<InvalidLayerException>(() => CompleteAsync(upload, DigestOf(Bytes(10))));
        var layers = await Registry.CallAsync(EcrOperations.BatchCheckLayerAvailability, new BatchCheckLayerAvailabilityRequest
        {
            RepositoryName = Repository, LayerDigests = [DigestOf(Bytes(10)), "nonsense", await Registry.BlobAsync(Repository, Bytes(5))],
        });
        Assert.Equal(["UNAVAILABLE", "AVAILABLE"], layers.Layers!.Select(one => one.LayerAvailability!));
        Assert.Equal("InvalidLayerDigest", Assert.Single(layers.Failures!).FailureCode);
    }

    [Fact]
    public async Task Policies_and_tags_are_kept()
    {
        await Assert.ThrowsAsync<RepositoryPolicyNotFoundException>(
            () => Registry.CallAsync(EcrOperations.GetRepositoryPolicy, new GetRepositoryPolicyRequest { RepositoryName = Repository }));
        await Assert.ThrowsAsync<InvalidParameterException>(
            () => Registry.CallAsync(EcrOperations.SetRepositoryPolicy, new SetRepositoryPolicyRequest { RepositoryName = Repository, PolicyText = "no" }));
        await Assert.ThrowsAsync<InvalidParameterException>(
            () => Registry.CallAsync(EcrOperations.SetRepositoryPolicy, new SetRepositoryPolicyRequest { RepositoryName = Repository, PolicyText = "{}" }));
        const string Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}""";
        await Registry.CallAsync(EcrOperations.SetRepositoryPolicy, new SetRepositoryPolicyRequest { RepositoryName = Repository, PolicyText = Policy });
        Assert.Equal(
            Policy, (await Registry.CallAsync(EcrOperations.GetRepositoryPolicy, new GetRepositoryPolicyRequest { RepositoryName = Repository })).PolicyText);
        await Registry.CallAsync(EcrOperations.DeleteRepositoryPolicy, new DeleteRepositoryPolicyRequest { RepositoryName = Repository });

        await Registry.CallAsync(EcrOperations.TagResource, new TagResourceRequest { ResourceArn = s_arn, Tags = [new() { Key = "b", Value = "2" }, new() { Key = "a", Value = "1" }] });
        await Registry.CallAsync(EcrOperations.UntagResource, new UntagResourceRequest { ResourceArn = s_arn, TagKeys = ["b"] });
        var tags = await Registry.CallAsync(EcrOperations.ListTagsForResource, new ListTagsForResourceRequest { ResourceArn = s_arn });
        Assert.Equal("a", Assert.Single(tags.Tags!).Key);
        await Assert.ThrowsAsync<RepositoryNotFoundException>(
            () => Registry.CallAsync(EcrOperations.ListTagsForResource, new ListTagsForResourceRequest { ResourceArn = s_arn + "x" }));
    }

    // What the operation commits first; then the server dies.
    private async Task LeaveHalfDeletedAsync()
    {
        await Registry.ImageAsync(Repository, "v1");
        var repository = (await Registry.Store.Documents.GetAsync(EcrKinds.Repository, Scope, Repository, default))!;
        var commit = new Commit().Update(EcrKinds.Repository, repository, repository.Value with { Deleting = true });
        Assert.True((await Registry.Store.Documents.CommitAsync(commit, default)).Committed);
        await Registry.ReopenAsync();
    }

    private async Task AssertNoLeftoversAsync()
    {
        Assert.Empty(await Registry.Store.Documents.ListAllAsync(EcrKinds.Tag, default));
        Assert.Empty(await Registry.Store.Documents.ListAllAsync(EcrKinds.Image, default));
        Assert.Empty(await Registry.Store.Documents.ListAllAsync(EcrKinds.Layer, default));
    }

    private Task<DescribeRepositoriesResponse> DescribeAsync(Action<DescribeRepositoriesRequest>? with = null)
    {
        var request = new DescribeRepositoriesRequest();
        with?.Invoke(request);
        return Registry.CallAsync(EcrOperations.DescribeRepositories, request);
    }

    private Task<DeleteRepositoryResponse> DeleteAsync(bool? force = null) =>
        Registry.CallAsync(EcrOperations.DeleteRepository, new DeleteRepositoryRequest { RepositoryName = Repository, Force = force });

    private Task<PutImageResponse> PutImageAsync(byte[] manifest, string tag, string? digest = null) => Registry.CallAsync(
        EcrOperations.PutImage,
        new PutImageRequest { RepositoryName = Repository, ImageManifest = Encoding.UTF8.GetString(manifest), ImageTag = tag, ImageDigest = digest });

    private async Task<(string, string?)[]> ImagesAsync(string? status = null)
    {
        var request = new ListImagesRequest { RepositoryName = Repository, Filter = status is null ? null : new() { TagStatus = status } };
        return [.. (await Registry.CallAsync(EcrOperations.ListImages, request)).ImageIds!.Select(id => (id.ImageDigest!, id.ImageTag))];
    }

    private Task<InitiateLayerUploadResponse> BeginAsync() =>
        Registry.CallAsync(EcrOperations.InitiateLayerUpload, new InitiateLayerUploadRequest { RepositoryName = Repository });

    private Task<UploadLayerPartResponse> PartAsync(string upload, long from, byte[] part) => Registry.CallAsync(
        EcrOperations.UploadLayerPart,
        new UploadLayerPartRequest
        {
            RepositoryName = Repository, UploadId = upload, PartFirstByte = from, PartLastByte = from + part.Length - 1, LayerPartBlob = part,
        });

    private Task<CompleteLayerUploadResponse> CompleteAsync(string upload, string digest) => Registry.CallAsync(
        EcrOperations.CompleteLayerUpload, new CompleteLayerUploadRequest { RepositoryName = Repository, UploadId = upload, LayerDigests = [digest] });

    private Task<GetDownloadUrlForLayerResponse> UrlAsync(string digest) => Registry.CallAsync(
        EcrOperations.GetDownloadUrlForLayer, new GetDownloadUrlForLayerRequest { RepositoryName = Repository, LayerDigest = digest });
}
