using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Rules;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>A deployment runs one image, whatever becomes of the tag.</summary>
public sealed class ImagePinTests
{
    [Theory]
    [InlineData("enabled", "busybox@sha256:aaa")]
    [InlineData("disabled", "busybox")]
    public async Task AReplacementRunsTheImageOfTheFirstTaskAndANewDeploymentTheTag(string consistency, string image)
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        agent.Digest = "sha256:aaa";
        await cloud.RegisterAsync("web", r => r.ContainerDefinitions![0].VersionConsistency = consistency);
        await cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, LaunchType = "EXTERNAL" });
        await cloud.UntilStableAsync("web", 1);
        var first = agent.Running.Single();
        Assert.Equal("busybox", first.Containers!.Single().Image);

        agent.Digest = "sha256:bbb";
        await agent.ExitAsync(first.Arn!, 1);
        var second = (await EcsCloud.UntilAsync("a replacement", () => Task.FromResult(agent.Running), r => r.Count == 1 && r[0].Arn != first.Arn)).Single();
        Assert.Equal(image, second.Containers!.Single().Image);
        Assert.Equal("busybox", (await cloud.TaskAsync(second.Arn!)).Containers!.Single().Image);

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", ForceNewDeployment = true });
        var third = (await EcsCloud.UntilAsync(
            "a new deployment", () => Task.FromResult(agent.Running), r => r.Count == 1 && r[0].Arn != first.Arn && r[0].Arn != second.Arn)).Single();
        Assert.Equal("busybox", third.Containers!.Single().Image);
    }

    [Theory]
    [InlineData("web", "web@sha256:a")]
    [InlineData("web:1", "web@sha256:a")]
    [InlineData("10.0.0.1:4566/shop/web", "10.0.0.1:4566/shop/web@sha256:a")]
    [InlineData("10.0.0.1:4566/shop/web:1", "10.0.0.1:4566/shop/web@sha256:a")]
    public void ADigestTakesThePlaceOfTheTag(string image, string reference)
    {
        Assert.Equal(reference, ImagePins.Reference(image, "sha256:a"));
        Assert.Equal(image, ImagePins.Reference(image, null));
    }
}
