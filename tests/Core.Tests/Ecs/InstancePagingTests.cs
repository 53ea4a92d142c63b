using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Pages of instances: all that pass the filters, each once, in the order of their ids.</summary>
public sealed class InstancePagingTests : IAsyncLifetime
{
    private const string Scope = $"{EcsCloud.Account}/{EcsCloud.Region}/default";
    private EcsCloud _cloud = null!;

    public async Task InitializeAsync()
    {
        _cloud = await EcsCloud.StartAsync(owners: 0);
        await _cloud.CallAsync(EcsOperations.CreateCluster, new());
        var commit = new Commit();
        for (var i = 0; i < 450; i++)
        {
            commit.Create(EcsKinds.Instance, Scope, Id(i), new ContainerInstanceDocument
            {
                Id = Id(i), Arn = Id(i), ClusterName = "default", RegisteredAt = DateTimeOffset.UnixEpoch,
                Registered = new InstanceResources(1, 1, [], [], []), Attributes = [new InstanceAttribute("rack", $"{i % 50}")],
                Status = i % 9 == 0 ? ContainerInstanceDocument.Inactive : i % 3 == 0 ? ContainerInstanceDocument.Draining : ContainerInstanceDocument.Active,
            });
        }
        await _cloud.Cloud.Documents.CommitAsync(commit, default);
    }

    public async Task DisposeAsync() => await _cloud.DisposeAsync();

    [Theory]
    [InlineData(null, null, null, 400, 4)]
    [InlineData(null, null, 7, 400, 58)]
    [InlineData("DRAINING", null, 100, 100, 1)]
    [InlineData("INACTIVE", null, 49, 50, 2)]
    [InlineData(null, "attribute:rack == 1", 3, 8, 3)]
    [InlineData("ACTIVE", "attribute:rack == none", 3, 0, 1)]
    public async Task EveryInstanceComesOnce(string? status, string? filter, int? size, int expected, int pages)
    {
        List<string> found = [];
        string? token = null;
        var calls = 0;
        do
        {
            var page = await _cloud.CallAsync(EcsOperations.ListContainerInstances, new() { Status = status, Filter = filter, MaxResults = size, NextToken = token });
            found.AddRange(page.ContainerInstanceArns!);
            token = page.NextToken;
            calls++;
        }
        while (token is not null);
        Assert.Equal((expected, pages), (found.Count, calls));
        Assert.Equal(found.Distinct().Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public async Task AChangeIsSeenAtOnce()
    {
        await _cloud.CallAsync(EcsOperations.ListContainerInstances, new());
        await _cloud.CallAsync(EcsOperations.DeregisterContainerInstance, new() { ContainerInstance = Id(1) });
        Assert.DoesNotContain(Id(1), (await _cloud.CallAsync(EcsOperations.ListContainerInstances, new())).ContainerInstanceArns!);
    }

    private static string Id(int number) => $"{number * 7919 % 450:x32}";
}
