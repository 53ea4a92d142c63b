using System.Net;
using System.Net.Http.Headers;
using Longspan.Api.Ecr;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Ecr;

/// <summary>Pushes and pulls ask the policies in the name of whoever got the login.</summary>
public sealed class RegistryAccessTests
{
    private const string Pull = "\"ecr:BatchGetImage\",\"ecr:GetDownloadUrlForLayer\",\"ecr:BatchCheckLayerAvailability\"";
    private const string Push = "\"ecr:InitiateLayerUpload\",\"ecr:UploadLayerPart\",\"ecr:CompleteLayerUpload\",\"ecr:PutImage\"";

    [Fact]
    public async Task Who_may_pull_a_repository_pulls_that_and_pushes_nothing()
    {
        await using var cloud = await RegistryCloud.StartAsync();
        await cloud.RepositoryAsync("team/app");
        await cloud.RepositoryAsync("secret/app");
        await cloud.ImageAsync("team/app", "v1");
        await cloud.ImageAsync("secret/app", "v1");
        var layer = await cloud.BlobAsync("team/app", RegistryCloud.Bytes(8));
        await PermitAsync(cloud, Pull);
        using var http = await LogInAsync(cloud);

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/team/app/manifests/v1")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/v2/team/app/blobs/{layer}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v2/team/app/blobs/{layer}"))).StatusCode);
        await RefusedAsync(http.GetAsync("/v2/secret/app/manifests/v1"), "ecr:BatchGetImage");
        // Not even whether it is there.
        await RefusedAsync(http.GetAsync("/v2/none/app/manifests/v1"), "ecr:BatchGetImage");
        await RefusedAsync(http.PostAsync("/v2/team/app/blobs/uploads/", null), "ecr:InitiateLayerUpload");
        await RefusedAsync(http.PutAsync("/v2/team/app/manifests/v2", new ByteArrayContent([])), "ecr:PutImage");
        await RefusedAsync(http.DeleteAsync("/v2/team/app/manifests/v1"), "ecr:BatchDeleteImage");
        await RefusedAsync(http.GetAsync("/v2/team/app/tags/list"), "ecr:ListImages");
    }

    [Fact]
    public async Task A_login_outlives_no_permission()
    {
        await using var cloud = await RegistryCloud.StartAsync();
        await cloud.RepositoryAsync("team/app");
        await cloud.ImageAsync("team/app", "v1");
        await PermitAsync(cloud, Pull);
        using var http = await LogInAsync(cloud);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/team/app/manifests/v1")).StatusCode);
        await PermitAsync(cloud, Push);
        await RefusedAsync(http.GetAsync("/v2/team/app/manifests/v1"), "ecr:BatchGetImage");
        var user = await cloud.Cloud.Documents.GetAsync(AccessKinds.Users, RegistryCloud.Account, "ann", default);
        await cloud.Cloud.Documents.CommitAsync(new Commit().Delete(user!), default);
        await RefusedAsync(http.PostAsync("/v2/team/app/blobs/uploads/", null), "ecr:InitiateLayerUpload");
    }

    [Fact]
    public async Task A_blob_that_may_not_be_read_cannot_be_mounted()
    {
        await using var cloud = await RegistryCloud.StartAsync();
        await cloud.RepositoryAsync("team/app");
        await cloud.RepositoryAsync("team/base");
        await cloud.RepositoryAsync("secret/app");
        var secret = await cloud.BlobAsync("secret/app", RegistryCloud.Bytes(8));
        var shared = await cloud.BlobAsync("team/base", RegistryCloud.Bytes(9));
        await PermitAsync(cloud, $"{Pull},{Push}");
        using var http = await LogInAsync(cloud);
        Assert.Equal(HttpStatusCode.Created, (await http.PostAsync($"/v2/team/app/blobs/uploads/?mount={shared}&from=team/base", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await http.PostAsync($"/v2/team/app/blobs/uploads/?mount={secret}&from=secret/app", null)).StatusCode);
        Assert.False(await cloud.HasBlobAsync("team/app", secret));
    }

    /// <summary>Gives the user these permissions on <c>team/*</c>, in place of those that it had.</summary>
    private static async Task PermitAsync(RegistryCloud cloud, string actions)
    {
        var policy =
            $$"""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
              {"Effect":"Allow","Action":[{{actions}}],"Resource":"arn:aws:ecr:{{RegistryCloud.Region}}:{{RegistryCloud.Account}}:repository/team/*"}]}
            """;
        var user = new UserDocument
        {
            UserName = "ann", UserId = Ann.UserId, Path = "/", CreatedAt = cloud.Clock.GetUtcNow(),
            InlinePolicies = new Dictionary<string, string> { ["registry"] = policy },
        };
        await cloud.Cloud.Documents.CommitAsync(new Commit().Put(AccessKinds.Users, RegistryCloud.Account, "ann", user), default);
    }

    private static Caller Ann { get; } =
        new(RegistryCloud.Account, $"arn:aws:iam::{RegistryCloud.Account}:user/ann", "AIDAANNANNANNANNANN1", "AKIAANNANNANNANNANN1", false);

    private static async Task<HttpClient> LogInAsync(RegistryCloud cloud)
    {
        var call = new CallContext(cloud.Cloud, Ann, RegistryCloud.Region, "request", cloud.Endpoint);
        var answer = (GetAuthorizationTokenResponse)await cloud.Cloud.DispatchAsync(
            call, EcrOperations.GetAuthorizationToken, new GetAuthorizationTokenRequest(), default);
        var http = new HttpClient { BaseAddress = cloud.Endpoint, Timeout = RegistryCloud.Deadline };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", answer.AuthorizationData![0].AuthorizationToken);
        return http;
    }

    private static async Task RefusedAsync(Task<HttpResponseMessage> request, string action)
    {
        using var answer = await request;
        var body = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("DENIED", body, StringComparison.Ordinal);
        Assert.Contains(action, body, StringComparison.Ordinal);
    }
}
