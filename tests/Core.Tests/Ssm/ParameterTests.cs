using System.Text;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

public sealed class ParameterTests
{
    [Fact]
    public async Task AParameterIsKeptWithItsVersions()
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal(1, (await PutAsync(cloud, "/shop/url", "one")).Version);
        Assert.Equal(2, (await PutAsync(cloud, "/shop/url", "two", overwrite: true)).Version);
        await cloud.RestartAsync();

        var newest = await GetAsync(cloud, "/shop/url");
        Assert.Equal(("two", 2L, "String", "text"), (newest.Value, newest.Version!.Value, newest.Type, newest.DataType));
        Assert.Equal("arn:aws:ssm:lab-1:123456789012:parameter/shop/url", newest.ARN);
        Assert.Null(newest.Selector);
        var first = await GetAsync(cloud, "/shop/url:1");
        Assert.Equal(("one", ":1"), (first.Value, first.Selector));
        Assert.Equal("two", (await GetAsync(cloud, newest.ARN!)).Value);
        Assert.Equal("ParameterVersionNotFound", await AccessCloud.CodeOfAsync(() => GetAsync(cloud, "/shop/url:3")));
        Assert.Equal("ParameterVersionNotFound", await AccessCloud.CodeOfAsync(() => GetAsync(cloud, "/shop/url:label")));
        Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(() => GetAsync(cloud, "/shop/other")));

        var history = await cloud.CallAsync(SsmOperations.GetParameterHistory, new GetParameterHistoryRequest { Name = "/shop/url" });
        Assert.Equal([("one", 1L), ("two", 2L)], history.Parameters!.Select(p => (p.Value!, p.Version!.Value)));
    }

    [Fact]
    public async Task OverwritingIsAsked()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await PutAsync(cloud, "plain", "one");
        Assert.Equal("ParameterAlreadyExists", await AccessCloud.CodeOfAsync(() => PutAsync(cloud, "plain", "two")));
        Assert.Equal("HierarchyTypeMismatchException", await AccessCloud.CodeOfAsync(
            () => PutAsync(cloud, "plain", "two", overwrite: true, type: "SecureString")));
        Assert.Equal("one", (await GetAsync(cloud, "arn:aws:ssm:lab-1:123456789012:parameter/plain")).Value);
    }

    [Fact]
    public async Task ConcurrentWritersEachGetAVersionOfTheirOwn()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await PutAsync(cloud, "counter", "0");
        var versions = await Task.WhenAll(Enumerable.Range(1, 4).Select(
            i => Task.Run(async () => (await PutAsync(cloud, "counter", $"{i}", overwrite: true)).Version!.Value)));
        Assert.Equal([2, 3, 4, 5], versions.Order());
    }

    [Fact]
    public async Task TheOldestVersionGoesBeyondAHundred()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await PutAsync(cloud, "busy", "1");
        for (var i = 2; i <= 102; i++)
        {
            await PutAsync(cloud, "busy", $"{i}", overwrite: true);
        }
        Assert.Equal("ParameterVersionNotFound", await AccessCloud.CodeOfAsync(() => GetAsync(cloud, "busy:2")));
        Assert.Equal("3", (await GetAsync(cloud, "busy:3")).Value);
        await cloud.CallAsync(SsmOperations.DeleteParameter, new DeleteParameterRequest { Name = "busy" });
        Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(() => GetAsync(cloud, "busy:3")));
        Assert.Equal(1, (await PutAsync(cloud, "busy", "again")).Version);
    }

    [Fact]
    public async Task ASecureStringIsSealedOnDiskAndInAnswers()
    {
        await using var cloud = await AccessCloud.StartAsync();
        const string secret = "correct horse battery staple 4711";
        await PutAsync(cloud, "/shop/password", secret, type: "SecureString");

        Assert.Equal(secret, (await GetAsync(cloud, "/shop/password", decrypt: true)).Value);
        var covered = (await GetAsync(cloud, "/shop/password")).Value!;
        Assert.DoesNotContain(secret, Encoding.Latin1.GetString(Convert.FromBase64String(covered)), StringComparison.Ordinal);
        var metadata = (await cloud.CallAsync(SsmOperations.DescribeParameters, new DescribeParametersRequest())).Parameters!;
        Assert.Equal("alias/aws/ssm", Assert.Single(metadata).KeyId);

        await cloud.RestartAsync();
        Assert.Equal(secret, (await GetAsync(cloud, "/shop/password", decrypt: true)).Value);
        foreach (var file in Directory.EnumerateFiles(cloud.Folder, "documents.db*"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var text = new StreamReader(open, Encoding.Latin1);
            Assert.DoesNotContain(secret, await text.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("no/leading/slash", "ValidationException")]
    [InlineData("/ssm/mine", "ValidationException")]
    [InlineData("SSMthing", "ValidationException")]
    [InlineData("aws-thing", "AccessDeniedException")]
    [InlineData("/aws/thing", "AccessDeniedException")]
    [InlineData("has space", "ValidationException")]
    [InlineData("/ends/", "ValidationException")]
    [InlineData("/dou//ble", "ValidationException")]
    [InlineData("with:colon", "ValidationException")]
    [InlineData("", "ValidationException")]
    [InlineData("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "HierarchyLevelLimitExceededException")]
    public async Task BadNamesAreRefused(string name, string code)
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal(code, await AccessCloud.CodeOfAsync(() => PutAsync(cloud, name, "value")));
    }

    [Fact]
    public async Task ValuesAreChecked()
    {
        await using var cloud = await AccessCloud.StartAsync();
        Task Put(PutParameterRequest request)
        {
            request.Name ??= "p";
            return cloud.CallAsync(SsmOperations.PutParameter, request);
        }
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => Put(new() { Value = "v" })));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => Put(new() { Value = "v", Type = "Number" })));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => Put(new() { Value = new string('v', 4097), Type = "String" })));
        Assert.Equal("ParameterPatternMismatchException", await AccessCloud.CodeOfAsync(
            () => Put(new() { Value = "abc", Type = "String", AllowedPattern = @"\d+" })));
        Assert.Equal("InvalidAllowedPatternException", await AccessCloud.CodeOfAsync(
            () => Put(new() { Value = "abc", Type = "String", AllowedPattern = "(" })));
        // A pattern that would backtrack for ages is stopped.
        Assert.Equal("InvalidAllowedPatternException", await AccessCloud.CodeOfAsync(
            () => Put(new() { Value = new string('a', 4000) + "!", Type = "String", AllowedPattern = "(a+)+" })));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(
            () => Put(new() { Value = "v", Type = "String", Overwrite = true, Tags = [new() { Key = "a", Value = "b" }] })));

        await Put(new() { Value = new string('v', 8192), Type = "String", Tier = "Intelligent-Tiering" });
        var described = await cloud.CallAsync(SsmOperations.DescribeParameters, new DescribeParametersRequest());
        Assert.Equal("Advanced", Assert.Single(described.Parameters!).Tier);
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(
            () => Put(new() { Value = "v", Type = "String", Tier = "Standard", Overwrite = true })));
    }

    [Fact]
    public async Task GetParametersTellsWhatItDidNotFind()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await PutAsync(cloud, "one", "1");
        await PutAsync(cloud, "/two", "2");
        var answer = await cloud.CallAsync(SsmOperations.GetParameters,
            new GetParametersRequest { Names = ["one", "/two:1", "three", "one:9", "not a name"] });
        Assert.Equal(["1", "2"], answer.Parameters!.Select(p => p.Value));
        Assert.Equal(["three", "one:9", "not a name"], answer.InvalidParameters);
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.GetParameters, new GetParametersRequest { Names = [.. Enumerable.Range(0, 11).Select(i => $"p{i}")] })));
        var deleted = await cloud.CallAsync(SsmOperations.DeleteParameters, new DeleteParametersRequest { Names = ["one", "three"] });
        Assert.Equal(["one"], deleted.DeletedParameters);
        Assert.Equal(["three"], deleted.InvalidParameters);
    }

    [Theory]
    [InlineData("/shop", false, new[] { "/shop/a", "/shop/b" })]
    [InlineData("/shop/", false, new[] { "/shop/a", "/shop/b" })]
    [InlineData("/shop", true, new[] { "/shop/a", "/shop/b", "/shop/deep/c", "/shop/deep/d/e" })]
    [InlineData("/shop/deep", true, new[] { "/shop/deep/c", "/shop/deep/d/e" })]
    [InlineData("/sho", true, new string[0])]
    [InlineData("/", false, new[] { "/shopping", "bare" })]
    [InlineData("/", true, new[] { "/shop/a", "/shop/b", "/shop/deep/c", "/shop/deep/d/e", "/shopping", "bare" })]
    public async Task PathsSelectLevelsAndTrees(string path, bool recursive, string[] names)
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var name in (string[])["/shop/a", "/shop/b", "/shop/deep/c", "/shop/deep/d/e", "/shopping", "bare"])
        {
            await PutAsync(cloud, name, "v");
        }
        Assert.Equal(names, await NamesAsync(cloud, path, recursive, maxResults: null));
        Assert.Equal(names, await NamesAsync(cloud, path, recursive, maxResults: 1));
    }

    [Fact]
    public async Task ParametersAreDescribedByFilter()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await PutAsync(cloud, "/a/one", "1");
        await PutAsync(cloud, "/a/two", "2", type: "SecureString");
        await PutAsync(cloud, "/b/three", "3", type: "StringList");
        await cloud.CallAsync(SsmOperations.AddTagsToResource, new AddTagsToResourceRequest
        {
            ResourceType = "Parameter", ResourceId = "/a/one", Tags = [new() { Key = "team", Value = "orders" }],
        });
        Assert.Equal(["/a/two"], await DescribeAsync(cloud, "Type", null, "SecureString"));
        Assert.Equal(["/a/one", "/a/two"], await DescribeAsync(cloud, "Path", "Recursive", "/a"));
        Assert.Equal(["/a/one", "/a/two"], await DescribeAsync(cloud, "Name", "BeginsWith", "/a"));
        Assert.Equal(["/b/three"], await DescribeAsync(cloud, "Name", "Contains", "hre"));
        Assert.Equal(["/a/one"], await DescribeAsync(cloud, "tag:team", null, "orders"));
        Assert.Equal("InvalidFilterKey", await AccessCloud.CodeOfAsync(() => DescribeAsync(cloud, "Colour", null, "red")));
        Assert.Equal("InvalidFilterOption", await AccessCloud.CodeOfAsync(() => DescribeAsync(cloud, "Type", "Contains", "S")));
    }

    [Fact]
    public async Task TagsComeAndGo()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await PutAsync(cloud, "one", "1");
        async Task<string[]> TagsAsync() => [.. (await cloud.CallAsync(SsmOperations.ListTagsForResource,
            new ListTagsForResourceRequest { ResourceType = "Parameter", ResourceId = "one" })).TagList!.Select(t => $"{t.Key}={t.Value}")];

        await cloud.CallAsync(SsmOperations.AddTagsToResource, new AddTagsToResourceRequest
        {
            ResourceType = "Parameter", ResourceId = "one", Tags = [new() { Key = "a", Value = "1" }, new() { Key = "b", Value = "2" }],
        });
        Assert.Equal(["a=1", "b=2"], await TagsAsync());
        await cloud.CallAsync(SsmOperations.RemoveTagsFromResource, new RemoveTagsFromResourceRequest
        {
            ResourceType = "Parameter", ResourceId = "one", TagKeys = ["a"],
        });
        Assert.Equal(["b=2"], await TagsAsync());
        Assert.Equal("InvalidResourceId", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.ListTagsForResource,
            new ListTagsForResourceRequest { ResourceType = "Parameter", ResourceId = "two" })));
        Assert.Equal("InvalidResourceType", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.ListTagsForResource,
            new ListTagsForResourceRequest { ResourceType = "Toaster", ResourceId = "one" })));
    }

    private static Task<PutParameterResult> PutAsync(
        AccessCloud cloud, string name, string value, bool overwrite = false, string type = "String") =>
        cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = name, Value = value, Type = type, Overwrite = overwrite });

    private static async Task<Parameter> GetAsync(AccessCloud cloud, string name, bool decrypt = false) =>
        (await cloud.CallAsync(SsmOperations.GetParameter, new GetParameterRequest { Name = name, WithDecryption = decrypt })).Parameter!;

    private static async Task<List<string>> NamesAsync(AccessCloud cloud, string path, bool recursive, int? maxResults)
    {
        List<string> names = [];
        string? token = null;
        do
        {
            var page = await cloud.CallAsync(SsmOperations.GetParametersByPath, new GetParametersByPathRequest
            {
                Path = path, Recursive = recursive, MaxResults = maxResults, NextToken = token,
            });
            names.AddRange(page.Parameters!.Select(p => p.Name!));
            token = page.NextToken;
        }
        while (token is not null);
        return names;
    }

    private static async Task<List<string>> DescribeAsync(AccessCloud cloud, string key, string? option, string value) =>
        [.. (await cloud.CallAsync(SsmOperations.DescribeParameters, new DescribeParametersRequest
        {
            ParameterFilters = [new() { Key = key, Option = option, Values = [value] }],
        })).Parameters!.Select(p => p.Name!)];
}
