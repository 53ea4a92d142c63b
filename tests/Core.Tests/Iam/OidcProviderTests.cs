using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class OidcProviderTests
{
    private const string Arn = "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com/ci";
    private const string Thumbprint = "990F4193972F2BECF12DDEDA5237F9C952F20D9E";

    [Fact]
    public async Task AProviderIsRegisteredChangedAndDeleted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var made = await cloud.CallAsync(IamOperations.CreateOpenIDConnectProvider, new CreateOpenIDConnectProviderRequest
        {
            Url = "https://gitlab.example.com/ci", ClientIDList = ["sts.amazonaws.com"], ThumbprintList = [Thumbprint],
            Tags = [new() { Key = "site", Value = "premises" }],
        });
        Assert.Equal(Arn, made.OpenIDConnectProviderArn);
        Assert.Equal("Provider with url https://gitlab.example.com/ci already exists.", (await Assert.ThrowsAsync<EntityAlreadyExistsException>(
            () => cloud.CallAsync(IamOperations.CreateOpenIDConnectProvider,
                new CreateOpenIDConnectProviderRequest { Url = "https://gitlab.example.com/ci" }))).Message);

        await cloud.RestartAsync();
        await cloud.CallAsync(IamOperations.AddClientIDToOpenIDConnectProvider,
            new AddClientIDToOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn, ClientID = "longspan" });
        await cloud.CallAsync(IamOperations.AddClientIDToOpenIDConnectProvider,
            new AddClientIDToOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn, ClientID = "longspan" });
        await cloud.CallAsync(IamOperations.RemoveClientIDFromOpenIDConnectProvider,
            new RemoveClientIDFromOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn, ClientID = "sts.amazonaws.com" });
        var got = await GetAsync(cloud);
        Assert.Equal("gitlab.example.com/ci", got.Url);
        Assert.Equal(["longspan"], got.ClientIDList);
        Assert.Equal([Thumbprint.ToLowerInvariant()], got.ThumbprintList);
        Assert.Equal("premises", Assert.Single(got.Tags!).Value);

        await cloud.CallAsync(IamOperations.UpdateOpenIDConnectProviderThumbprint,
            new UpdateOpenIDConnectProviderThumbprintRequest { OpenIDConnectProviderArn = Arn, ThumbprintList = [new string('a', 40)] });
        Assert.Equal([new string('a', 40)], (await GetAsync(cloud)).ThumbprintList);
        var listed = await cloud.CallAsync(IamOperations.ListOpenIDConnectProviders, new ListOpenIDConnectProvidersRequest());
        Assert.Equal(Arn, Assert.Single(listed.OpenIDConnectProviderList!).Arn);
        await cloud.CallAsync(IamOperations.TagOpenIDConnectProvider,
            new TagOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn, Tags = [new() { Key = "team", Value = "ci" }] });
        await cloud.CallAsync(IamOperations.UntagOpenIDConnectProvider,
            new UntagOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn, TagKeys = ["site"] });
        var tags = await cloud.CallAsync(IamOperations.ListOpenIDConnectProviderTags,
            new ListOpenIDConnectProviderTagsRequest { OpenIDConnectProviderArn = Arn });
        Assert.Equal("team", Assert.Single(tags.Tags!).Key);

        await cloud.CallAsync(IamOperations.DeleteOpenIDConnectProvider, new DeleteOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn });
        Assert.Equal($"OpenIDConnect Provider not found for arn {Arn}",
            (await Assert.ThrowsAsync<NoSuchEntityException>(() => GetAsync(cloud))).Message);
    }

    [Theory]
    [InlineData("http://gitlab.example.com")]
    [InlineData("http://localhost.example.com")]
    [InlineData("http://10.0.0.1")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("gitlab.example.com")]
    [InlineData("https://gitlab.example.com/?a=b")]
    [InlineData("https://gitlab.example.com/")]
    [InlineData("https://user:pw@gitlab.example.com")]
    [InlineData("https://gitlab example.com")]
    public async Task AddressesThatAnyoneCouldAnswerForAreRefused(string url)
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.CreateOpenIDConnectProvider, new CreateOpenIDConnectProviderRequest { Url = url })));
    }

    [Fact]
    public async Task ListsHaveBounds()
    {
        await using var cloud = await AccessCloud.StartAsync();
        Task Create(List<string> clients, List<string> thumbprints) => cloud.CallAsync(IamOperations.CreateOpenIDConnectProvider,
            new CreateOpenIDConnectProviderRequest { Url = "https://gitlab.example.com", ClientIDList = clients, ThumbprintList = thumbprints });
        Assert.Equal("LimitExceededException", await AccessCloud.CodeOfAsync(() => Create([.. Enumerable.Range(0, 101).Select(i => $"c{i}")], [])));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => Create([""], [])));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => Create([], ["abc"])));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => Create([], [new string('g', 40)])));
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => Create([], [.. Enumerable.Repeat(Thumbprint, 6)])));
    }

    private static Task<GetOpenIDConnectProviderResponse> GetAsync(AccessCloud cloud) => cloud.CallAsync(
        IamOperations.GetOpenIDConnectProvider, new GetOpenIDConnectProviderRequest { OpenIDConnectProviderArn = Arn });
}
