using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Longspan.Services.Ecr;
using Xunit;
using static Longspan.Core.Tests.Ecr.RegistryCloud;

namespace Longspan.Core.Tests.Ecr;

/// <summary>Who gets in, what may be named, and downloads.</summary>
public sealed class RegistryRequestTests : RegistryCase
{
    [Fact]
    public async Task The_base_tells_that_this_is_a_registry()
    {
        foreach (var path in new[] { "/v2/", "/v2" })
        {
            var answer = await Registry.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("registry/2.0", answer.Headers.GetValues("Docker-Distribution-Api-Version").Single());
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("Bearer abc")]
    [InlineData("Basic QVdTOg==")]
    [InlineData("Basic QVdTOm5vbnNlbnNl")]
    [InlineData("Basic cm9vdDpzZWNyZXQ=")]
    public async Task Without_a_token_nobody_gets_in(string? authorization)
    {
        using var stranger = new HttpClient { BaseAddress = Registry.Endpoint };
        if (authorization is not null)
        {
            stranger.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }
        foreach (var path in new[] { "/v2/", $"/v2/{Repository}/tags/list", $"/v2/{Repository}/blobs/{DigestOf([])}?token=x" })
        {
            var answer = await stranger.GetAsync(path);
            await RefusedAsync(401, "UNAUTHORIZED", answer);
            Assert.StartsWith("Basic realm=", answer.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_token_is_good_for_twelve_hours_and_across_a_restart()
    {
        var login = Registry.Http.DefaultRequestHeaders.Authorization;
        await Registry.ReopenAsync();
        Registry.Http.DefaultRequestHeaders.Authorization = login;
        Registry.Clock.Advance(RegistryTokens.Lifetime - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await Registry.Http.GetAsync("/v2/")).StatusCode);
        Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await Registry.Http.GetAsync("/v2/")).StatusCode);
    }

    [Fact]
    public async Task An_altered_token_is_none()
    {
        var password = Encoding.UTF8.GetString(Convert.FromBase64String(Registry.Http.DefaultRequestHeaders.Authorization!.Parameter!))[4..];
        var altered = (password[0] == 'A' ? 'B' : 'A') + password[1..];
        Registry.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"AWS:{altered}")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await Registry.Http.GetAsync("/v2/")).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v2/no-such/tags/list")]
    [InlineData("POST", "/v2/no-such/blobs/uploads/")]
    [InlineData("GET", "/v2/no-such/manifests/latest")]
    public async Task A_repository_that_does_not_exist(string method, string path) =>
        await RefusedAsync(404, "NAME_UNKNOWN", await Registry.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)));

    [Theory]
    [InlineData("/v2/../../etc/passwd")]
    [InlineData("/v2/../blobs/uploads/")]
    [InlineData("/v2/%2e%2e/%2e%2e/blobs/uploads/")]
    [InlineData("/v2/..%2f..%2fx/blobs/uploads/")]
    [InlineData("/v2/orders/../../x/blobs/uploads/")]
    [InlineData("/v2/orders//web/blobs/uploads/")]
    [InlineData("/v2/Orders/web/blobs/uploads/")]
    [InlineData("/v2/orders/web%0A/blobs/uploads/")]
    [InlineData("/v2/orders/web%00/blobs/uploads/")]
    [InlineData("/v2/orders/web%20/blobs/uploads/")]
    [InlineData("/v2/-orders/web/blobs/uploads/")]
    [InlineData("/v2/orders/web/blobs/uploads/..%2f..%2fdocuments.db")]
    [InlineData("/v2/orders/web/blobs/uploads/%2e%2e%2f%2e%2e")]
    [InlineData("/v2/orders/web/blobs/sha256:..%2f..%2fdocuments.db")]
    [InlineData("/v2/orders/web/manifests/..%2f..%2fdocuments.db")]
    [InlineData("/v2/orders/web/manifests/latest%0A")]
    [InlineData("/v2/orders/web/manifests/.hidden")]
    [InlineData("/v2/a/tags/list")]
    [InlineData("/v2/_catalog")]
    [InlineData("/v2/orders/web")]
    public async Task A_path_that_names_nothing_valid_gets_a_4xx_and_leaves_no_trace(string path)
    {
        foreach (var method in new[] { "GET", "POST", "PUT", "PATCH", "DELETE" })
        {
            Assert.Matches(@"\AHTTP/1\.1 4(?!01)\d\d ", await Registry.RawAsync(method, path));
        }
        Assert.Equal((0, 0), Registry.Files());
    }

    [Fact]
    public async Task A_name_may_have_256_characters()
    {
        var name = string.Join('/', Enumerable.Repeat("abcdefg", 32));
        await Registry.RepositoryAsync(name);
        Assert.True(await Registry.HasBlobAsync(name, await Registry.BlobAsync(name, Bytes(1))));
        Assert.Equal(HttpStatusCode.NotFound, (await Registry.Http.GetAsync($"/v2/{name}x/tags/list")).StatusCode);
    }

    [Theory]
    [InlineData("bytes=0-3", 0, 4)]
    [InlineData("bytes=4-", 4, 6)]
    [InlineData("bytes=-2", 8, 2)]
    [InlineData("bytes=9-100", 9, 1)]
    [InlineData("bytes=-100", 0, 10)]
    public async Task A_part_of_a_blob(string range, int from, int length)
    {
        var content = Bytes(10);
        var digest = await Registry.BlobAsync(Repository, content);
        var part = await GetAsync(digest, range);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal($"bytes {from}-{from + length - 1}/10", part.Content.Headers.ContentRange!.ToString());
        Assert.Equal(content[from..(from + length)], await part.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=10-20")]
    [InlineData("bytes=-0")]
    public async Task A_part_beyond_a_blob_is_refused(string range)
    {
        var digest = await Registry.BlobAsync(Repository, Bytes(10));
        var part = await GetAsync(digest, range);
        Assert.Equal("bytes */10", part.Content.Headers.ContentRange!.ToString());
        await RefusedAsync(416, "SIZE_INVALID", part);
    }

    [Theory]
    [InlineData("bytes=5-2")]
    [InlineData("lines=1-2")]
    [InlineData("nonsense")]
    [InlineData("bytes=0-1,4-5")]
    public async Task A_range_that_is_not_understood_yields_the_whole(string range)
    {
        var content = Bytes(10);
        var whole = await GetAsync(await Registry.BlobAsync(Repository, content), range);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(content, await whole.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task An_empty_blob_is_a_blob()
    {
        var digest = await Registry.BlobAsync(Repository, []);
        Assert.Empty(await Registry.Http.GetByteArrayAsync($"/v2/{Repository}/blobs/{digest}"));
    }

    [Fact]
    public async Task Head_tells_the_size()
    {
        var digest = await Registry.BlobAsync(Repository, Bytes(123));
        var head = await Registry.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v2/{Repository}/blobs/{digest}"));
        Assert.Equal(123, head.Content.Headers.ContentLength);
        var missing = await Registry.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v2/{Repository}/blobs/{DigestOf(Bytes(9))}"));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    private async Task<HttpResponseMessage> GetAsync(string digest, string range)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/{Repository}/blobs/{digest}");
        request.Headers.TryAddWithoutValidation("Range", range);
        return await Registry.Http.SendAsync(request);
    }
}
