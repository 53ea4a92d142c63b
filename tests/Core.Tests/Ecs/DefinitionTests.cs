using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class DefinitionTests
{
    [Fact]
    public async Task RevisionsRiseAndTheFamilyNamesTheNewestActiveOne()
    {
        await using var cloud = await EcsCloud.StartAsync();
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cloud.RegisterAsync("web")));
        Assert.Equal(Enumerable.Range(1, 8), all.Select(d => d.Revision!.Value).Order());

        await cloud.CallAsync(EcsOperations.DeregisterTaskDefinition, new() { TaskDefinition = "web:8" });

        var newest = await cloud.CallAsync(EcsOperations.DescribeTaskDefinition, new() { TaskDefinition = "web" });
        Assert.Equal(7, newest.TaskDefinition!.Revision);
        var inactive = await cloud.CallAsync(EcsOperations.DescribeTaskDefinition, new() { TaskDefinition = "web:8" });
        Assert.Equal("INACTIVE", inactive.TaskDefinition!.Status);
        Assert.Equal(9, (await cloud.RegisterAsync("web")).Revision);
        var page = await cloud.CallAsync(EcsOperations.ListTaskDefinitions, new() { FamilyPrefix = "web", MaxResults = 3, Sort = "DESC" });
        Assert.Equal([9, 7, 6], page.TaskDefinitionArns!.Select(a => int.Parse(a[(a.LastIndexOf(':') + 1)..])));
        var next = await cloud.CallAsync(
            EcsOperations.ListTaskDefinitions, new() { FamilyPrefix = "web", MaxResults = 10, Sort = "DESC", NextToken = page.NextToken });
        Assert.Equal([5, 4, 3, 2, 1], next.TaskDefinitionArns!.Select(a => int.Parse(a[(a.LastIndexOf(':') + 1)..])));
    }

    [Fact]
    public async Task EverythingThatWasRegisteredComesBack()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web", r =>
        {
            r.Tags = [new Tag { Key = "team", Value = "orders" }];
            r.ExecutionRoleArn = "arn:aws:iam::123456789012:role/exec";
            r.Volumes = [new Volume { Name = "data", Host = new HostVolumeProperties { SourcePath = "/srv" } }];
            r.ContainerDefinitions =
            [
                new ContainerDefinition
                {
                    Name = "main", Image = "web:1", MemoryReservation = 64,
                    LogConfiguration = new LogConfiguration { LogDriver = "awslogs", Options = new() { ["awslogs-group"] = "/web" } },
                    MountPoints = [new MountPoint { SourceVolume = "data", ContainerPath = "/data" }],
                    Ulimits = [new Ulimit { Name = "nofile", SoftLimit = 10, HardLimit = 20 }],
                    DependsOn = [new ContainerDependency { ContainerName = "side", Condition = "START" }],
                    Secrets = [new Secret { Name = "KEY", ValueFrom = "arn:aws:ssm:eu-central-1:123456789012:parameter/key" }],
                },
                new ContainerDefinition { Name = "side", Image = "side:1", Memory = 32, Essential = false },
            ];
        });

        var answer = await cloud.CallAsync(EcsOperations.DescribeTaskDefinition, new() { TaskDefinition = "web", Include = ["TAGS"] });

        var definition = answer.TaskDefinition!;
        Assert.Equal("arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1", definition.TaskDefinitionArn);
        Assert.Equal("orders", answer.Tags!.Single().Value);
        var main = definition.ContainerDefinitions![0];
        Assert.True(main.Essential);
        Assert.Equal("/web", main.LogConfiguration!.Options!["awslogs-group"]);
        Assert.Equal(20, main.Ulimits![0].HardLimit);
        Assert.Equal("/srv", definition.Volumes![0].Host!.SourcePath);
        Assert.Equal("START", main.DependsOn![0].Condition);
        Assert.Contains(definition.RequiresAttributes!, a => a.Name == "com.amazonaws.ecs.capability.logging-driver.awslogs");
        Assert.Contains("EXTERNAL", definition.Compatibilities!);
        Assert.False(definition.ContainerDefinitions[1].Essential);
    }

    public static TheoryData<string, Action<RegisterTaskDefinitionRequest>> Faults => new()
    {
        { "At least one of 'memory' or 'memoryReservation'", r => r.ContainerDefinitions![0].Memory = null },
        { "must be unique", r => r.ContainerDefinitions!.Add(new() { Name = "main", Image = "x", Memory = 64 }) },
        { "Unknown volume", r => r.ContainerDefinitions![0].MountPoints = [new() { SourceVolume = "nope", ContainerPath = "/x" }] },
        { "cycle", r => r.ContainerDefinitions![0].DependsOn = [new() { ContainerName = "main", Condition = "START" }] },
        { "Fargate requires that 'cpu'", r => r.RequiresCompatibilities = ["FARGATE"] },
        { "No Fargate configuration", r => (r.RequiresCompatibilities, r.Cpu, r.Memory) = (["FARGATE"], "256", "4096") },
        { "must match", r => (r.NetworkMode, r.ContainerDefinitions![0].PortMappings) = ("host", [new() { ContainerPort = 80, HostPort = 81 }]) },
        { "essential", r => r.ContainerDefinitions![0].Essential = false },
        { "invalid characters", r => r.Family = "a b" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task FaultyDefinitionsAreRefused(string wording, Action<RegisterTaskDefinitionRequest> change)
    {
        await using var cloud = await EcsCloud.StartAsync();
        var refused = await EcsCloud.RefusedAsync(() => cloud.RegisterAsync("web", change));
        Assert.Equal("ClientException", refused.Code);
        Assert.Contains(wording, refused.Message);
    }

    [Fact]
    public async Task ClustersComeAndGo()
    {
        await using var cloud = await EcsCloud.StartAsync();
        // The default cluster is made by its first use.
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServices, new())).ServiceArns!);
        await cloud.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = "shop", Tags = [new Tag { Key = "a", Value = "b" }] });
        var listed = await cloud.CallAsync(EcsOperations.ListClusters, new());
        Assert.Equal(["default", "shop"], listed.ClusterArns!.Select(a => a[(a.LastIndexOf('/') + 1)..]));
        var described = await cloud.CallAsync(EcsOperations.DescribeClusters, new() { Clusters = ["shop", "nope"], Include = ["TAGS", "STATISTICS"] });
        Assert.Equal("b", described.Clusters!.Single().Tags!.Single().Value);
        Assert.Contains(described.Clusters!.Single().Statistics!, s => s.Name == "runningFargateTasksCount" && s.Value == "0");
        Assert.Equal(("MISSING", "arn:aws:ecs:eu-central-1:123456789012:cluster/nope"),
            (described.Failures!.Single().Reason, described.Failures!.Single().Arn));

        await cloud.CallAsync(EcsOperations.DeleteCluster, new() { Cluster = "shop" });
        Assert.Equal(["default"], (await cloud.CallAsync(EcsOperations.ListClusters, new())).ClusterArns!.Select(a => a[(a.LastIndexOf('/') + 1)..]));
        var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.ListTasks, new() { Cluster = "shop" }));
        Assert.Equal("ClusterNotFoundException", refused.Code);
    }

    [Fact]
    public async Task TagsAndAttributesCanBeChanged()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", connect: false);
        await cloud.CallAsync(EcsOperations.TagResource, new() { ResourceArn = agent.Arn, Tags = [new Tag { Key = "a", Value = "1" }, new Tag { Key = "b", Value = "2" }] });
        await cloud.CallAsync(EcsOperations.UntagResource, new() { ResourceArn = agent.Arn, TagKeys = ["a"] });
        Assert.Equal("b", (await cloud.CallAsync(EcsOperations.ListTagsForResource, new() { ResourceArn = agent.Arn })).Tags!.Single().Key);

        await cloud.CallAsync(EcsOperations.PutAttributes, new() { Attributes = [new() { Name = "rack", Value = "7", TargetId = agent.Arn }] });
        var found = await cloud.CallAsync(EcsOperations.ListAttributes, new() { TargetType = "container-instance", AttributeName = "rack" });
        Assert.Equal("7", found.Attributes!.Single().Value);
        var filtered = await cloud.CallAsync(EcsOperations.ListContainerInstances, new() { Filter = "attribute:rack == 7" });
        Assert.Equal([agent.Arn], filtered.ContainerInstanceArns!);
        await cloud.CallAsync(EcsOperations.DeleteAttributes, new() { Attributes = [new() { Name = "rack", TargetId = agent.Arn }] });
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListContainerInstances, new() { Filter = "attribute:rack exists" })).ContainerInstanceArns!);
    }

    [Fact]
    public async Task RegisteringAgainKeepsTheInstanceAndItsCustomAttributes()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(
            cloud, "EXTERNAL", connect: false, attributes: [new EcsAttribute { Name = "site", Value = "here" }, new EcsAttribute { Name = "ecs.capability.old" }]);

        var again = await cloud.CallAsync(EcsOperations.RegisterContainerInstance, new()
        {
            ContainerInstanceArn = agent.Arn,
            Attributes = [new EcsAttribute { Name = "ecs.capability.external" }, new EcsAttribute { Name = "ecs.os-type", Value = "linux" }],
            TotalResources = [new Resource { Name = "CPU", Type = "INTEGER", IntegerValue = 1024 }, new Resource { Name = "MEMORY", Type = "INTEGER", IntegerValue = 512 }],
        });

        var instance = again.ContainerInstance!;
        Assert.Equal(agent.Arn, instance.ContainerInstanceArn);
        var names = instance.Attributes!.Select(a => a.Name).ToArray();
        Assert.Contains("site", names);
        Assert.Contains("ecs.availability-zone", names);
        Assert.DoesNotContain("ecs.capability.old", names);
        Assert.Equal("linux", instance.Attributes!.Single(a => a.Name == "ecs.os-type").Value);
        Assert.Equal(512, instance.RegisteredResources!.Single(r => r.Name == "MEMORY").IntegerValue);
        var poll = await cloud.CallAsync(EcsOperations.DiscoverPollEndpoint, new() { ContainerInstance = agent.Arn });
        Assert.Equal(cloud.Endpoint.GetLeftPart(UriPartial.Authority) + "/ecs/acs", poll.Endpoint);
    }
}
