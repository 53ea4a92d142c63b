using System.Net;
using Longspan.Store.Files;
using Xunit;
using static Longspan.Core.Tests.Ecr.RegistryCloud;

namespace Longspan.Core.Tests.Ecr;

public sealed class RegistryUploadTests : RegistryCase
{
    [Fact]
    public async Task A_blob_in_one_request()
    {
        var content = Bytes(100_000);
        var pushed = await Registry.PushBlobAsync(Repository, content);
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        Assert.Equal(DigestOf(content), pushed.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(content, await Registry.Http.GetByteArrayAsync(pushed.Headers.Location));

        await Registry.ReopenAsync();
        Assert.Equal(content, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/blobs/{DigestOf(content)}"));
    }

    [Fact]
    public async Task A_blob_in_chunks()
    {
        var content = Bytes(300);
        var upload = await Registry.BeginAsync(Repository);
        for (var from = 0; from < 300; from += 100)
        {
            var patched = await Registry.PatchAsync(upload, content.AsMemory(from, 100), from);
            Assert.Equal(HttpStatusCode.Accepted, patched.StatusCode);
            Assert.Equal($"0-{from + 99}", patched.Headers.GetValues("Range").Single());
        }
        Assert.False(await Registry.HasBlobAsync(Repository, DigestOf(content)));
        Assert.Equal(HttpStatusCode.Created, (await Registry.FinishAsync(upload, DigestOf(content))).StatusCode);
        Assert.True(await Registry.HasBlobAsync(Repository, DigestOf(content)));
        await RefusedAsync(404, "BLOB_UPLOAD_UNKNOWN", await Registry.PatchAsync(upload, content));
    }

    [Fact]
    public async Task A_stream_without_ranges_and_the_last_part_with_the_digest()
    {
        // As docker pushes: one PATCH, then PUT; skopeo may put the rest into the PUT.
        var content = Bytes(200);
        var upload = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(upload, content.AsMemory(0, 150));
        Assert.Equal(HttpStatusCode.Created, (await Registry.FinishAsync(upload, DigestOf(content), content[150..])).StatusCode);
        Assert.Equal(content, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/blobs/{DigestOf(content)}"));
    }

    [Fact]
    public async Task A_chunk_that_does_not_follow_is_refused_and_the_upload_goes_on()
    {
        var content = Bytes(200);
        var upload = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(upload, content.AsMemory(0, 100), 0);
        foreach (var wrong in new[] { 0, 50, 101 })
        {
            var refused = await Registry.PatchAsync(upload, content.AsMemory(100), wrong);
            Assert.Equal("0-99", refused.Headers.GetValues("Range").Single());
            await RefusedAsync(416, "BLOB_UPLOAD_INVALID", refused);
        }
        await Registry.PatchAsync(upload, content.AsMemory(100), 100);
        Assert.Equal(HttpStatusCode.Created, (await Registry.FinishAsync(upload, DigestOf(content))).StatusCode);
    }

    [Fact]
    public async Task A_connection_cut_in_the_middle_leaves_nothing_visible_and_the_upload_can_go_on()
    {
        var content = Bytes(100_000);
        var upload = await Registry.BeginAsync(Repository);
        using (await Registry.SendPartAsync("PATCH", upload, content, 40_000))
        {
            await UntilAsync("the part has arrived", async () => await ProgressAsync(upload) == "0-39999");
        }
        Assert.False(await Registry.HasBlobAsync(Repository, DigestOf(content)));
        Assert.Equal(0, Registry.Files().Contents);

        // The rest, once the server has noticed that the first connection is gone.
        await UntilAsync(
            "the rest is accepted", async () => (await Registry.PatchAsync(upload, content.AsMemory(40_000), 40_000)).StatusCode == HttpStatusCode.Accepted);
        Assert.Equal(HttpStatusCode.Created, (await Registry.FinishAsync(upload, DigestOf(content))).StatusCode);
        Assert.Equal(content, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/blobs/{DigestOf(content)}"));
    }

    [Fact]
    public async Task A_cut_in_the_last_request_does_not_finish_the_upload()
    {
        var content = Bytes(50_000);
        var upload = await Registry.BeginAsync(Repository);
        using (await Registry.SendPartAsync("PUT", $"{upload}?digest={DigestOf(content)}", content, 10_000))
        {
            await UntilAsync("the part has arrived", async () => await ProgressAsync(upload) == "0-9999");
        }
        // The upload is free again once the request has ended; it did so without publishing.
        await UntilAsync(
            "the rest is accepted", async () => (await Registry.PatchAsync(upload, content.AsMemory(10_000, 1), 10_000)).StatusCode == HttpStatusCode.Accepted);
        Assert.False(await Registry.HasBlobAsync(Repository, DigestOf(content)));
        Assert.Equal((0, 1), Registry.Files());
    }

    [Fact]
    public async Task A_cut_of_a_blob_in_one_request_leaves_nothing_at_all()
    {
        var content = Bytes(50_000);
        using (await Registry.SendPartAsync("POST", $"/v2/{Repository}/blobs/uploads/?digest={DigestOf(content)}", content, 10_000))
        {
            await UntilAsync("the part has arrived", () => Task.FromResult(Registry.Files() == (0, 1)));
        }
        await UntilAsync("nothing is left", () => Task.FromResult(Registry.Files() == (0, 0)));
        Assert.False(await Registry.HasBlobAsync(Repository, DigestOf(content)));
    }

    [Fact]
    public async Task An_abandoned_upload_is_removed_after_a_while_and_a_living_one_is_not()
    {
        var abandoned = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(abandoned, Bytes(100));
        Registry.Clock.Advance(FileBlobSettings.Default.UploadLife);
        var living = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(living, Bytes(100));
        Registry.Clock.Advance(FileBlobSettings.Default.SweepEvery);

        Assert.Null(await ProgressAsync(abandoned));
        Assert.Equal("0-99", await ProgressAsync(living));
        Assert.Equal((0, 1), Registry.Files());
    }

    [Fact]
    public async Task A_restart_removes_uploads()
    {
        var upload = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(upload, Bytes(100));
        await Registry.ReopenAsync();
        Assert.Null(await ProgressAsync(upload));
        Assert.Equal((0, 0), Registry.Files());
    }

    [Fact]
    public async Task A_wrong_digest_ends_the_upload_and_shows_nothing()
    {
        var (content, other) = (Bytes(100), DigestOf(Bytes(100)));
        var upload = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(upload, content);
        await RefusedAsync(400, "DIGEST_INVALID", await Registry.FinishAsync(upload, other));
        Assert.False(await Registry.HasBlobAsync(Repository, other));
        Assert.False(await Registry.HasBlobAsync(Repository, DigestOf(content)));
        Assert.Equal((0, 0), Registry.Files());

        await RefusedAsync(400, "DIGEST_INVALID", await Registry.PushBlobAsync(Repository, content, other));
        Assert.Equal((0, 0), Registry.Files());
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:abc")]
    [InlineData("md5:0123456789abcdef0123456789abcdef")]
    [InlineData("sha256:..%2F..%2Fdocuments.db")]
    public async Task A_malformed_digest_is_refused_and_costs_no_upload(string digest)
    {
        await RefusedAsync(400, "DIGEST_INVALID", await Registry.PushBlobAsync(Repository, Bytes(10), digest));
        Assert.Equal((0, 0), Registry.Files());
        var upload = await Registry.BeginAsync(Repository);
        await RefusedAsync(400, "DIGEST_INVALID", await Registry.FinishAsync(upload, digest));
    }

    [Fact]
    public async Task A_cancelled_upload_is_gone()
    {
        var upload = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(upload, Bytes(100));
        Assert.Equal(HttpStatusCode.NoContent, (await Registry.Http.DeleteAsync(upload)).StatusCode);
        await RefusedAsync(404, "BLOB_UPLOAD_UNKNOWN", await Registry.Http.DeleteAsync(upload));
        await RefusedAsync(404, "BLOB_UPLOAD_UNKNOWN", await Registry.FinishAsync(upload, DigestOf(Bytes(1))));
        Assert.Equal((0, 0), Registry.Files());
    }

    [Fact]
    public async Task A_blob_is_mounted_from_another_repository_and_only_on_request()
    {
        await Registry.RepositoryAsync("orders/api");
        var digest = await Registry.BlobAsync(Repository, Bytes(100));
        Assert.False(await Registry.HasBlobAsync("orders/api", digest));

        var mounted = await Registry.Http.PostAsync($"/v2/orders/api/blobs/uploads/?mount={digest}&from={Repository}", null);
        Assert.Equal(HttpStatusCode.Created, mounted.StatusCode);
        Assert.True(await Registry.HasBlobAsync("orders/api", digest));
        Assert.Equal((1, 0), Registry.Files());
    }

    [Theory]
    [InlineData("no-such")]
    [InlineData("..%2F..")]
    [InlineData("orders/web")]
    public async Task What_cannot_be_mounted_is_uploaded(string from)
    {
        var answer = await Registry.Http.PostAsync($"/v2/{Repository}/blobs/uploads/?mount={DigestOf(Bytes(10))}&from={from}", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Fact]
    public async Task Two_clients_may_push_the_same_blob_at_once()
    {
        var content = Bytes(200_000);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Registry.PushBlobAsync(Repository, content)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        Assert.Equal(content, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/blobs/{DigestOf(content)}"));
        Assert.Equal((1, 0), Registry.Files());
    }

    [Fact]
    public async Task A_pull_goes_on_while_another_push_runs()
    {
        var (pulled, pushed) = (Bytes(3_000_000), Bytes(3_000_000));
        var digest = await Registry.BlobAsync(Repository, pulled);
        var upload = await Registry.BeginAsync(Repository);
        await Registry.PatchAsync(upload, pushed.AsMemory(0, 1_000_000));
        Assert.Equal(pulled, await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/blobs/{digest}"));
        await Registry.PatchAsync(upload, pushed.AsMemory(1_000_000));
        Assert.Equal(HttpStatusCode.Created, (await Registry.FinishAsync(upload, DigestOf(pushed))).StatusCode);
    }

    private async Task<string?> ProgressAsync(string upload)
    {
        var progress = await Registry.Http.GetAsync(upload);
        return progress.StatusCode == HttpStatusCode.NoContent ? progress.Headers.GetValues("Range").Single() : null;
    }
}
