using System.Net;
using System.Text;
using System.Text.Json;
using Longspan.Api.Ecr;
using Longspan.Services.Ecr.Rules;
using Xunit;
using static Longspan.Core.Tests.Ecr.RegistryCloud;

namespace Longspan.Core.Tests.Ecr;

public sealed class RegistryManifestTests : RegistryCase
{
    [Fact]
    public async Task A_manifest_comes_back_byte_for_byte_by_tag_and_digest()
    {
        var manifest = await Registry.ImageAsync(Repository, "v1");
        await Registry.ReopenAsync();
        foreach (var reference in new[] { "v1", DigestOf(manifest) })
        {
            var got = await Registry.Http.GetAsync($"/v2/{Repository}/manifests/{reference}");
            Assert.Equal(TestManifests.Oci, got.Content.Headers.ContentType!.MediaType);
            Assert.Equal(DigestOf(manifest), got.Headers.GetValues("Docker-Content-Digest").Single());
            Assert.Equal(manifest, await got.Content.ReadAsByteArrayAsync());
            var head = await Registry.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v2/{Repository}/manifests/{reference}"));
            Assert.Equal((HttpStatusCode.OK, (long?)manifest.Length), (head.StatusCode, head.Content.Headers.ContentLength));
        }
    }

    [Fact]
    public async Task A_manifest_with_missing_layers_is_refused_and_not_there()
    {
        var manifest = TestManifests.Image(await Registry.BlobAsync(Repository, Bytes(16)), DigestOf(Bytes(32)));
        await RefusedAsync(400, "MANIFEST_BLOB_UNKNOWN", await Registry.PutManifestAsync(Repository, "v1", manifest));
        await RefusedAsync(404, "MANIFEST_UNKNOWN", await Registry.Http.GetAsync($"/v2/{Repository}/manifests/v1"));
        await RefusedAsync(404, "MANIFEST_UNKNOWN", await Registry.Http.GetAsync($"/v2/{Repository}/manifests/{DigestOf(manifest)}"));
        Assert.Empty(await TagsAsync());
    }

    [Fact]
    public async Task A_layer_of_another_repository_counts_as_missing()
    {
        await Registry.RepositoryAsync("orders/api");
        var manifest = TestManifests.Image(await Registry.BlobAsync("orders/api", Bytes(16)));
        await RefusedAsync(400, "MANIFEST_BLOB_UNKNOWN", await Registry.PutManifestAsync(Repository, "v1", manifest));
    }

    [Fact]
    public async Task An_index_needs_its_images()
    {
        var image = await Registry.ImageAsync(Repository, "amd64");
        await RefusedAsync(
            400, "MANIFEST_UNKNOWN", await Registry.PutManifestAsync(Repository, "all", TestManifests.Index(DigestOf(image), DigestOf(Bytes(1))), TestManifests.OciIndex));
        var index = await Registry.PutManifestAsync(Repository, "all", TestManifests.Index(DigestOf(image)), TestManifests.OciIndex);
        Assert.Equal(HttpStatusCode.Created, index.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"schemaVersion":1}""")]
    [InlineData("""{"schemaVersion":2}""")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":"sha256:abc","size":1},"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":5,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"mediaType":"text/plain","config":{},"layers":[]}""")]
    public async Task What_is_no_manifest_is_refused(string text) =>
        await RefusedAsync(400, "MANIFEST_INVALID", await Registry.PutManifestAsync(Repository, "v1", Encoding.UTF8.GetBytes(text)));

    [Fact]
    public async Task A_manifest_is_bounded() =>
        await RefusedAsync(413, "SIZE_INVALID", await Registry.PutManifestAsync(Repository, "v1", new byte[Manifest.MaximumBytes + 1]));

    [Fact]
    public async Task A_manifest_under_another_digest_is_refused()
    {
        var manifest = TestManifests.Image(await Registry.BlobAsync(Repository, Bytes(16)));
        await RefusedAsync(400, "DIGEST_INVALID", await Registry.PutManifestAsync(Repository, DigestOf(Bytes(1)), manifest));
        Assert.Equal(HttpStatusCode.Created, (await Registry.PutManifestAsync(Repository, DigestOf(manifest), manifest)).StatusCode);
        Assert.Empty(await TagsAsync());
    }

    [Fact]
    public async Task A_tag_moves_and_the_former_image_stays()
    {
        var first = await Registry.ImageAsync(Repository, "latest");
        var second = await Registry.ImageAsync(Repository, "latest");
        Assert.Equal(second, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/manifests/latest"));
        Assert.Equal(first, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/manifests/{DigestOf(first)}"));
    }

    [Fact]
    public async Task An_immutable_tag_does_not_move()
    {
        await Registry.RepositoryAsync("fixed", "IMMUTABLE");
        var first = await Registry.ImageAsync("fixed", "v1");
        var second = TestManifests.Image(await Registry.BlobAsync("fixed", Bytes(16)));
        await RefusedAsync(400, "TAG_INVALID", await Registry.PutManifestAsync("fixed", "v1", second));
        Assert.Equal(first, await Registry.Http.GetByteArrayAsync("/v2/fixed/manifests/v1"));
        // The refused image is not left without a tag either.
        Assert.Equal(HttpStatusCode.NotFound, (await Registry.Http.GetAsync($"/v2/fixed/manifests/{DigestOf(second)}")).StatusCode);
        // A repeated push is no move.
        Assert.Equal(HttpStatusCode.Created, (await Registry.PutManifestAsync("fixed", "v1", first)).StatusCode);
    }

    [Fact]
    public async Task Of_many_pushes_of_one_immutable_tag_one_wins()
    {
        await Registry.RepositoryAsync("fixed", "IMMUTABLE");
        var manifests = new List<byte[]>();
        for (var i = 0; i < 8; i++)
        {
            manifests.Add(TestManifests.Image(await Registry.BlobAsync("fixed", Bytes(16))));
        }
        var answers = await Task.WhenAll(manifests.Select(manifest => Registry.PutManifestAsync("fixed", "v1", manifest)));
        var winner = Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(winner.Headers.GetValues("Docker-Content-Digest").Single(), DigestOf(await Registry.Http.GetByteArrayAsync("/v2/fixed/manifests/v1")));
    }

    [Fact]
    public async Task Many_images_are_pushed_to_one_repository_at_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Registry.ImageAsync(Repository, $"v{i}")));
        Assert.Equal(20, answers.Select(manifest => DigestOf(manifest)).Distinct().Count());
        Assert.Equal(20, (await TagsAsync()).Length);
    }

    [Fact]
    public async Task Deleting_by_digest_takes_the_tags_along()
    {
        var manifest = await Registry.ImageAsync(Repository, "v1");
        await Registry.PutManifestAsync(Repository, "latest", manifest);
        Assert.Equal(HttpStatusCode.Accepted, (await Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/{DigestOf(manifest)}")).StatusCode);
        Assert.Empty(await TagsAsync());
        await RefusedAsync(404, "MANIFEST_UNKNOWN", await Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/{DigestOf(manifest)}"));
    }

    [Fact]
    public async Task Deleting_a_tag_keeps_an_image_that_has_another()
    {
        var manifest = await Registry.ImageAsync(Repository, "v1");
        await Registry.PutManifestAsync(Repository, "latest", manifest);
        Assert.Equal(HttpStatusCode.Accepted, (await Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/latest")).StatusCode);
        Assert.Equal(["v1"], await TagsAsync());
        Assert.Equal(manifest, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/manifests/v1"));
    }

    [Fact]
    public async Task An_image_of_an_index_is_not_deleted()
    {
        var image = await Registry.ImageAsync(Repository, "amd64");
        var index = TestManifests.Index(DigestOf(image));
        await Registry.PutManifestAsync(Repository, "all", index, TestManifests.OciIndex);
        await RefusedAsync(409, "DENIED", await Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/{DigestOf(image)}"));
        Assert.Equal(image, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/manifests/amd64"));

        await Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/{DigestOf(index)}");
        Assert.Equal(HttpStatusCode.Accepted, (await Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/{DigestOf(image)}")).StatusCode);
    }

    [Fact]
    public async Task Tagging_and_deleting_at_once_never_leave_a_tag_without_its_image()
    {
        for (var round = 0; round < 25; round++)
        {
            var manifest = await Registry.ImageAsync(Repository, "first");
            await Task.WhenAll(
                Registry.PutManifestAsync(Repository, "second", manifest),
                Registry.Http.DeleteAsync($"/v2/{Repository}/manifests/{DigestOf(manifest)}"));
            foreach (var tag in await TagsAsync())
            {
                Assert.Equal(HttpStatusCode.OK, (await Registry.Http.GetAsync($"/v2/{Repository}/manifests/{tag}")).StatusCode);
            }
        }
    }

    [Fact]
    public async Task Indexing_and_deleting_at_once_never_leave_an_index_without_its_image()
    {
        for (var round = 0; round < 25; round++)
        {
            var image = DigestOf(await Registry.ImageAsync(Repository, "image"));
            var (index, deleted) = (TestManifests.Index(image), $"/v2/{Repository}/manifests/{image}");
            var answers = await Task.WhenAll(
                Registry.PutManifestAsync(Repository, "index", index, TestManifests.OciIndex), Registry.Http.DeleteAsync(deleted));
            Assert.False(
                answers[0].StatusCode == HttpStatusCode.Created && answers[1].StatusCode == HttpStatusCode.Accepted
                && (await Registry.Http.GetAsync(deleted)).StatusCode == HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Tags_are_listed_in_pages()
    {
        var manifest = await Registry.ImageAsync(Repository, "a");
        foreach (var tag in new[] { "c", "b", "d" })
        {
            await Registry.PutManifestAsync(Repository, tag, manifest);
        }
        Assert.Equal(["a", "b", "c", "d"], await TagsAsync());
        var page = await Registry.Http.GetAsync($"/v2/{Repository}/tags/list?n=3");
        var next = page.Headers.GetValues("Link").Single();
        Assert.Equal($"</v2/{Repository}/tags/list?n=3&last=c>; rel=\"next\"", next);
        Assert.Equal(["d"], await TagsAsync("?n=3&last=c"));
        Assert.Empty(await TagsAsync("?n=0"));
    }

    [Theory]
    [InlineData(".v1")]
    [InlineData("-v1")]
    [InlineData("v%201")]
    [InlineData("latest%0A")]
    public async Task A_bad_tag_is_refused(string tag)
    {
        var manifest = await Registry.ImageAsync(Repository, "v1");
        await RefusedAsync(400, "TAG_INVALID", await Registry.PutManifestAsync(Repository, tag, manifest));
        Assert.Equal(["v1"], await TagsAsync());
    }

    [Fact]
    public async Task A_tag_has_at_most_128_characters()
    {
        var manifest = await Registry.ImageAsync(Repository, new string('a', 128));
        await RefusedAsync(400, "TAG_INVALID", await Registry.PutManifestAsync(Repository, new string('a', 129), manifest));
    }

    [Fact]
    public async Task The_operations_show_what_was_pushed()
    {
        var manifest = await Registry.ImageAsync(Repository, "v1");
        var described = await Registry.CallAsync(EcrOperations.DescribeImages, new DescribeImagesRequest { RepositoryName = Repository });
        var image = Assert.Single(described.ImageDetails!);
        Assert.Equal(DigestOf(manifest), image.ImageDigest);
        Assert.Equal(["v1"], image.ImageTags!);
        Assert.Equal(48, image.ImageSizeInBytes);
        Assert.Equal(TestManifests.Oci, image.ImageManifestMediaType);
    }

    private async Task<string[]> TagsAsync(string query = "")
    {
        using var json = JsonDocument.Parse(await Registry.Http.GetStringAsync($"/v2/{Repository}/tags/list{query}"));
        return [.. json.RootElement.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)];
    }
}
