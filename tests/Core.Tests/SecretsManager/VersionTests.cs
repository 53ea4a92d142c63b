using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

public sealed class VersionTests
{
    [Fact]
    public async Task CurrentMovesOnAndPreviousFollows()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var one = (await cloud.CreateAsync("s", "1")).VersionId!;
        var two = await cloud.PutAsync("s", "2");
        var three = await cloud.PutAsync("s", "3");
        Assert.Equal(
            (null, "AWSPREVIOUS", "AWSCURRENT"), (await cloud.StagesAsync("s", one), await cloud.StagesAsync("s", two), await cloud.StagesAsync("s", three)));
        Assert.Equal(("3", "2"), (await cloud.ValueAsync("s"), await cloud.ValueAsync("s", "AWSPREVIOUS")));
        // A deprecated version is still there for who knows its id.
        Assert.Equal("1", await cloud.ValueAsync("s", version: one));
        var mismatch = await SecretsCloud.RefusedAsync(() => cloud.ValueAsync("s", "AWSCURRENT", two));
        Assert.Equal(
            ("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId."), (mismatch.Code, mismatch.Message));
        var missing = Ids.Uuid();
        Assert.Equal(
            $"Secrets Manager can't find the specified secret value for VersionId: {missing}",
            (await SecretsCloud.RefusedAsync(() => cloud.ValueAsync("s", version: missing))).Message);
    }

    // The movements that AWS shows in a rotation's life, and in a second one after it.
    [Fact]
    public async Task PendingBecomesCurrentAndLeavesWithIt()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var one = (await cloud.CreateAsync("s", "1")).VersionId!;
        var two = await cloud.PutAsync("s", "2", "AWSPENDING", "PUT1");
        await MoveAsync(cloud, "AWSCURRENT", one, two);
        Assert.Equal(("AWSPREVIOUS", "AWSCURRENT,AWSPENDING,PUT1"), (await cloud.StagesAsync("s", one), await cloud.StagesAsync("s", two)));

        var three = await cloud.PutAsync("s", "3", "AWSPENDING");
        Assert.Equal(("AWSCURRENT,PUT1", "AWSPENDING"), (await cloud.StagesAsync("s", two), await cloud.StagesAsync("s", three)));
        await MoveAsync(cloud, "AWSCURRENT", two, three);
        Assert.Equal(
            (null, "AWSPREVIOUS,PUT1", "AWSCURRENT,AWSPENDING"),
            (await cloud.StagesAsync("s", one), await cloud.StagesAsync("s", two), await cloud.StagesAsync("s", three)));

        var four = await cloud.PutAsync("s", "4");
        Assert.Equal(
            ("PUT1", "AWSPREVIOUS", "AWSCURRENT"), (await cloud.StagesAsync("s", two), await cloud.StagesAsync("s", three), await cloud.StagesAsync("s", four)));
    }

    [Fact]
    public async Task GoingBackSwapsCurrentAndPrevious()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var one = (await cloud.CreateAsync("s", "1")).VersionId!;
        var two = await cloud.PutAsync("s", "2");
        await MoveAsync(cloud, "AWSCURRENT", two, one);
        Assert.Equal(("AWSCURRENT", "AWSPREVIOUS"), (await cloud.StagesAsync("s", one), await cloud.StagesAsync("s", two)));
        Assert.Equal("1", await cloud.ValueAsync("s"));
    }

    [Fact]
    public async Task ALabelMovesOnlyFromWhereItIsSaidToBe()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var one = (await cloud.CreateAsync("s", "1")).VersionId!;
        var two = await cloud.PutAsync("s", "2", "blue");
        var refused = await SecretsCloud.RefusedAsync(() => MoveAsync(cloud, "AWSCURRENT", null, two));
        Assert.Equal("InvalidParameterException", refused.Code);
        Assert.Equal(
            $"The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version {one}, so you must explicitly "
            + "reference that version in RemoveFromVersionId.", refused.Message);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => MoveAsync(cloud, "AWSCURRENT", two, two))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => MoveAsync(cloud, "AWSCURRENT", one, null))).Code);
        Assert.Equal("ResourceNotFoundException", (await SecretsCloud.RefusedAsync(() => MoveAsync(cloud, "AWSCURRENT", one, Ids.Uuid()))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => MoveAsync(cloud, "blue", one, null))).Code);
        Assert.Equal(("AWSCURRENT", "blue"), (await cloud.StagesAsync("s", one), await cloud.StagesAsync("s", two)));
        await MoveAsync(cloud, "blue", two, null);
        Assert.Null(await cloud.StagesAsync("s", two));
    }

    [Fact]
    public async Task ATokenIsUsedForOneValueOnly()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("s", "1");
        var token = Ids.Uuid();
        Task<PutSecretValueResponse> Put(string value) => cloud.CallAsync(
            SecretsManagerOperations.PutSecretValue, new PutSecretValueRequest { SecretId = "s", SecretString = value, ClientRequestToken = token });
        await Put("2");
        await cloud.PutAsync("s", "3");
        Assert.Equal(["AWSPREVIOUS"], (await Put("2")).VersionStages!);
        Assert.Equal("3", await cloud.ValueAsync("s"));
        var refused = await SecretsCloud.RefusedAsync(() => Put("other"));
        Assert.Equal("ResourceExistsException", refused.Code);
        Assert.StartsWith(
            $"You can't use ClientRequestToken {token} because that value is already in use for a version of secret arn:", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConcurrentWritersLeaveOneCurrentVersion()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("s", "0");
        var versions = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => Task.Run(() => cloud.PutAsync("s", $"{i}"))));
        var stages = (await cloud.DescribeAsync("s")).VersionIdsToStages!;
        Assert.Equal(2, stages.Count);
        Assert.Equal(["AWSCURRENT", "AWSPREVIOUS"], stages.Values.Select(Assert.Single).Order());
        Assert.All(stages.Keys, id => Assert.Contains(id, versions));
    }

    [Fact]
    public async Task DeprecatedVersionsBeyondAHundredGoWhenTheyAreADayOld()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var first = (await cloud.CreateAsync("s", "0")).VersionId!;
        var kept = await cloud.PutAsync("s", "kept", "keep");
        for (var i = 0; i < 110; i++)
        {
            cloud.Clock.Advance(TimeSpan.FromSeconds(1));
            await cloud.PutAsync("s", $"{i}");
        }
        Assert.Equal(112, await CountAsync(cloud, deprecated: true));
        cloud.Clock.Advance(TimeSpan.FromDays(1));
        await cloud.PutAsync("s", "last");
        Assert.Equal(100, await CountAsync(cloud, deprecated: true));
        Assert.Equal(3, await CountAsync(cloud, deprecated: false));
        Assert.Equal("ResourceNotFoundException", (await SecretsCloud.RefusedAsync(() => cloud.ValueAsync("s", version: first))).Code);
        Assert.Equal("kept", await cloud.ValueAsync("s", version: kept));
    }

    private static async Task<int> CountAsync(SecretsCloud cloud, bool deprecated)
    {
        var count = 0;
        string? token = null;
        do
        {
            var page = await cloud.CallAsync(SecretsManagerOperations.ListSecretVersionIds, new ListSecretVersionIdsRequest
            {
                SecretId = "s", IncludeDeprecated = deprecated, MaxResults = 30, NextToken = token,
            });
            count += page.Versions!.Count;
            token = page.NextToken;
        }
        while (token is not null);
        return count;
    }

    private static Task MoveAsync(SecretsCloud cloud, string stage, string? from, string? to) => cloud.CallAsync(
        SecretsManagerOperations.UpdateSecretVersionStage,
        new UpdateSecretVersionStageRequest { SecretId = "s", VersionStage = stage, RemoveFromVersionId = from, MoveToVersionId = to });
}
