using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

public sealed class QueryTests
{
    [Theory]
    [InlineData("name", "shop/", "shop/db,shop/mail")]
    [InlineData("name", "Shop/", "")]
    [InlineData("name", "!shop/", "other")]
    [InlineData("description", "the DATA", "shop/db")]
    [InlineData("tag-key", "te", "other,shop/db")]
    [InlineData("tag-value", "ord", "shop/db")]
    [InlineData("all", "orders", "shop/db")]
    [InlineData("all", "mail SHOP", "shop/mail")]
    [InlineData("all", "base", "")]
    [InlineData("owning-service", "rds", "")]
    public async Task SecretsAreListedByFilter(string key, string value, string names)
    {
        await using var cloud = await FilledAsync();
        var list = await cloud.CallAsync(SecretsManagerOperations.ListSecrets, new ListSecretsRequest { Filters = [new() { Key = key, Values = [value] }] });
        Assert.Equal(names, string.Join(",", list.SecretList!.Select(s => s.Name).Order()));
    }

    [Theory]
    [InlineData(null, null, "shop/mail,other,shop/db")]
    [InlineData("created-date", "desc", "shop/db,other,shop/mail")]
    [InlineData("name", "asc", "other,shop/db,shop/mail")]
    [InlineData("last-changed-date", "desc", "shop/mail,shop/db,other")]
    public async Task PagesKeepTheOrderThatWasAskedFor(string? by, string? order, string names)
    {
        await using var cloud = await FilledAsync();
        await cloud.PutAsync("shop/mail", "two");
        List<string> seen = [];
        string? token = null;
        do
        {
            var page = await cloud.CallAsync(
                SecretsManagerOperations.ListSecrets, new ListSecretsRequest { SortBy = by, SortOrder = order, MaxResults = 1, NextToken = token });
            seen.Add(Assert.Single(page.SecretList!).Name!);
            token = page.NextToken;
        }
        while (token is not null);
        Assert.Equal(names, string.Join(",", seen));
    }

    [Fact]
    public async Task ABatchTellsWhatItCouldNotRead()
    {
        await using var cloud = await FilledAsync();
        await cloud.CallAsync(SecretsManagerOperations.DeleteSecret, new DeleteSecretRequest { SecretId = "other" });
        Task<BatchGetSecretValueResponse> Batch(BatchGetSecretValueRequest request) => cloud.CallAsync(SecretsManagerOperations.BatchGetSecretValue, request);
        var listed = await Batch(new() { SecretIdList = ["shop/db", "other", "missing"] });
        Assert.Equal("v", Assert.Single(listed.SecretValues!).SecretString);
        Assert.Equal([("other", "InvalidRequestException"), ("missing", "ResourceNotFoundException")], listed.Errors!.Select(e => (e.SecretId!, e.ErrorCode!)));

        var first = await Batch(new() { Filters = [new() { Key = "name", Values = ["shop"] }], MaxResults = 1 });
        var second = await Batch(new() { Filters = [new() { Key = "name", Values = ["shop"] }], MaxResults = 1, NextToken = first.NextToken });
        Assert.Equal(["shop/mail", "shop/db"], first.SecretValues!.Concat(second.SecretValues!).Select(s => s.Name));
        Assert.Null(second.NextToken);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => Batch(new()))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(
            () => Batch(new() { SecretIdList = ["a"], Filters = [new() { Key = "name", Values = ["shop"] }] }))).Code);
    }

    [Fact]
    public async Task PasswordsHaveWhatWasAskedFor()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        async Task<string> New(GetRandomPasswordRequest request) =>
            (await cloud.CallAsync(SecretsManagerOperations.GetRandomPassword, request)).RandomPassword!;
        for (var i = 0; i < 50; i++)
        {
            var password = await New(new() { PasswordLength = 4 });
            Assert.Equal(4, password.Length);
            Assert.True(password.Any(char.IsAsciiLetterUpper) && password.Any(char.IsAsciiLetterLower) && password.Any(char.IsAsciiDigit));
            Assert.Contains(password, c => !char.IsAsciiLetterOrDigit(c) && c is > ' ' and <= '~');
        }
        Assert.Equal(32, (await New(new())).Length);
        Assert.NotEqual(await New(new()), await New(new()));
        var digits = await New(new() { ExcludeLowercase = true, ExcludeUppercase = true, ExcludePunctuation = true, ExcludeCharacters = "013456789", PasswordLength = 20 });
        Assert.Equal(new string('2', 20), digits);
        Assert.Contains(' ', await New(new() { IncludeSpace = true, PasswordLength = 5 }));
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => New(new() { PasswordLength = 3 }))).Code);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => New(new() { PasswordLength = 4097 }))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(
            () => New(new() { ExcludeLowercase = true, ExcludeUppercase = true, ExcludePunctuation = true, ExcludeNumbers = true }))).Code);
    }

    [Fact]
    public async Task PoliciesAreReadStrictly()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("s");
        static string PolicyFor(string principal) =>
            $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{{principal}},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""";
        var good = PolicyFor("""{"AWS":"arn:aws:iam::123456789012:root"}""");
        Task Put(string policy, bool block = false) => cloud.CallAsync(
            SecretsManagerOperations.PutResourcePolicy, new PutResourcePolicyRequest { SecretId = "s", ResourcePolicy = policy, BlockPublicPolicy = block });

        Assert.Equal("MalformedPolicyDocumentException", (await SecretsCloud.RefusedAsync(() => Put("{}"))).Code);
        Assert.Equal("MalformedPolicyDocumentException", (await SecretsCloud.RefusedAsync(
            () => Put("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""))).Code);
        Assert.Equal("PublicPolicyException", (await SecretsCloud.RefusedAsync(() => Put(PolicyFor("\"*\""), block: true))).Code);
        await Put(good, block: true);
        Assert.Equal(good, (await cloud.CallAsync(SecretsManagerOperations.GetResourcePolicy, new GetResourcePolicyRequest { SecretId = "s" })).ResourcePolicy);

        var demand = Assert.Single(await cloud.DemandsAsync(
            cloud.Module, SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = "s" }));
        Assert.True(Assert.Single(demand.ResourcePolicy!.Statements).IsAllow);
        await cloud.CallAsync(SecretsManagerOperations.DeleteResourcePolicy, new DeleteResourcePolicyRequest { SecretId = created.ARN });
        Assert.Null((await cloud.CallAsync(SecretsManagerOperations.GetResourcePolicy, new GetResourcePolicyRequest { SecretId = "s" })).ResourcePolicy);

        var valid = await cloud.CallAsync(SecretsManagerOperations.ValidateResourcePolicy, new ValidateResourcePolicyRequest { ResourcePolicy = good });
        Assert.True(valid.PolicyValidationPassed);
        var open = await cloud.CallAsync(SecretsManagerOperations.ValidateResourcePolicy, new ValidateResourcePolicyRequest { ResourcePolicy = PolicyFor("\"*\"") });
        Assert.Equal("PublicPolicy", Assert.Single(open.ValidationErrors!).CheckName);
    }

    [Fact]
    public async Task TagsComeAndGo()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("s", "v", r => r.Tags = [new() { Key = "a", Value = "1" }]);
        await cloud.CallAsync(SecretsManagerOperations.TagResource, new TagResourceRequest { SecretId = "s", Tags = [new() { Key = "b", Value = "2" }] });
        Assert.Equal(["a=1", "b=2"], (await cloud.DescribeAsync("s")).Tags!.Select(t => $"{t.Key}={t.Value}"));
        await cloud.CallAsync(SecretsManagerOperations.UntagResource, new UntagResourceRequest { SecretId = "s", TagKeys = ["a", "z"] });
        Assert.Equal("b", Assert.Single((await cloud.DescribeAsync("s")).Tags!).Key);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => cloud.CallAsync(
            SecretsManagerOperations.TagResource, new TagResourceRequest { SecretId = "s", Tags = [new() { Key = "aws:x", Value = "2" }] }))).Code);
        Assert.Equal("LimitExceededException", (await SecretsCloud.RefusedAsync(() => cloud.CallAsync(
            SecretsManagerOperations.TagResource,
            new TagResourceRequest { SecretId = "s", Tags = [.. Enumerable.Range(0, 50).Select(i => new Tag { Key = $"k{i}", Value = "" })] }))).Code);
    }

    [Fact]
    public async Task PoliciesAreAskedAboutTheWholeArn()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("shop/db", "v", r => r.Tags = [new() { Key = "team", Value = "orders" }]);
        async Task<Longspan.Kernel.Access.AccessDemand> Demand(Operation operation, Shape request) => (await cloud.DemandsAsync(cloud.Module, operation, request))[0];
        foreach (var id in (string[])["shop/db", created.ARN!, created.ARN![..^7]])
        {
            var get = await Demand(SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = id });
            Assert.Equal(("secretsmanager:GetSecretValue", created.ARN!), (get.Action, get.Resource));
            Assert.Equal("AWSCURRENT", Assert.Single(get.Keys["secretsmanager:VersionStage"]));
            Assert.Equal("orders", get.ResourceTags!["team"]);
            Assert.Equal("orders", Assert.Single(get.Keys["secretsmanager:ResourceTag/team"]));
        }
        var missing = await Demand(SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = "shop/other" });
        Assert.Equal("arn:aws:secretsmanager:lab-1:123456789012:secret:shop/other-??????", missing.Resource);
        var create = await cloud.DemandsAsync(
            cloud.Module, SecretsManagerOperations.CreateSecret, new CreateSecretRequest { Name = "new", Tags = [new() { Key = "a", Value = "b" }] });
        Assert.Equal(["secretsmanager:CreateSecret", "secretsmanager:TagResource"], create.Select(d => d.Action));
        Assert.Equal("b", create[0].RequestTags!["a"]);
        Assert.Equal(SecretsManagerOperations.Service.Operations().Count, cloud.Module.Access.Count);
    }

    private static async Task<SecretsCloud> FilledAsync()
    {
        var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("shop/mail", "v");
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        await cloud.CreateAsync("other", "v", r => r.Tags = [new() { Key = "tech", Value = "x" }]);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        await cloud.CreateAsync("shop/db", "v", r =>
        {
            r.Description = "The database";
            r.Tags = [new() { Key = "team", Value = "orders" }];
        });
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        return cloud;
    }
}
