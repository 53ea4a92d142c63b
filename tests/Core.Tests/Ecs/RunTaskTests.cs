using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class RunTaskTests
{
    [Fact]
    public async Task ATaskRunsOnANodeAndStopsWhenAsked()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");

        var answer = await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" });

        Assert.Empty(answer.Failures!);
        var task = Assert.Single(answer.Tasks!);
        Assert.Equal("PENDING", task.LastStatus);
        Assert.Equal(agent.Arn, task.ContainerInstanceArn);
        Assert.Matches("^arn:aws:ecs:eu-central-1:123456789012:task/default/[0-9a-f]{32}$", task.TaskArn);
        var running = await cloud.UntilTaskAsync(task.TaskArn!, "RUNNING");
        Assert.NotNull(running.StartedAt);
        Assert.Equal("RUNNING", running.Containers![0].LastStatus);

        await cloud.CallAsync(EcsOperations.StopTask, new() { Task = task.TaskArn, Reason = "enough" });

        var stopped = await cloud.UntilTaskAsync(task.TaskArn!, "STOPPED");
        Assert.Equal("UserInitiated", stopped.StopCode);
        Assert.Equal("enough", stopped.StoppedReason);
        Assert.Equal(137, stopped.Containers![0].ExitCode);
        var instance = (await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [agent.Arn] }))
            .ContainerInstances!.Single();
        Assert.True(instance.AgentConnected);
        Assert.Equal(8192, instance.RemainingResources!.Single(r => r.Name == "MEMORY").IntegerValue);
    }

    [Fact]
    public async Task WithoutRoomItSaysWhyAndPlacesNothingBeyondIt()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", memory: 200);
        await cloud.RegisterAsync("job");

        var answer = await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL", Count = 5 });

        Assert.Equal(3, answer.Tasks!.Count);
        var failure = Assert.Single(answer.Failures!);
        Assert.Equal((agent.Arn, "RESOURCE:MEMORY"), (failure.Arn, failure.Reason));
    }

    [Fact]
    public async Task ConcurrentCallsNeverOverfillANode()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL", cpu: 100_000, memory: 64 * 60);
        await cloud.RegisterAsync("job");

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => cloud.CallAsync(
            EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" }))));

        Assert.Equal(60, answers.Sum(a => a.Tasks!.Count));
        Assert.Equal(40, answers.Sum(a => a.Failures!.Count));
    }

    [Fact]
    public async Task AClientTokenGivesTheSameTaskAgain()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        RunTaskRequest Request(int count) => new() { TaskDefinition = "job", LaunchType = "EXTERNAL", ClientToken = "once", Count = count };

        var first = await cloud.CallAsync(EcsOperations.RunTask, Request(2));
        var second = await cloud.CallAsync(EcsOperations.RunTask, Request(2));

        Assert.Equal(first.Tasks!.Select(t => t.TaskArn).Order(), second.Tasks!.Select(t => t.TaskArn).Order());
        var refused = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, Request(1)));
        Assert.Equal("ConflictException", refused.Code);
    }

    [Fact]
    public async Task FargateTasksHideTheirInstanceAndStayOffExternalOnes()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var external = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web", r =>
        {
            r.RequiresCompatibilities = ["FARGATE"];
            (r.NetworkMode, r.Cpu, r.Memory) = ("awsvpc", "256", "512");
            r.ContainerDefinitions![0].PortMappings = [new PortMapping { ContainerPort = 8080 }];
        });
        RunTaskRequest Request() => new()
        {
            TaskDefinition = "web", LaunchType = "FARGATE",
            NetworkConfiguration = new NetworkConfiguration { AwsvpcConfiguration = new AwsVpcConfiguration { Subnets = ["subnet-1"] } },
        };

        var none = await cloud.CallAsync(EcsOperations.RunTask, Request());
        Assert.Empty(none.Tasks!);
        Assert.StartsWith("Capacity is unavailable", none.Failures!.Single().Reason);

        await using var cloudNode = await FakeAgent.JoinAsync(cloud);
        var task = (await cloud.CallAsync(EcsOperations.RunTask, Request())).Tasks!.Single();
        await cloud.UntilTaskAsync(task.TaskArn!, "RUNNING");

        Assert.Null(task.ContainerInstanceArn);
        Assert.Equal("1.4.0", task.PlatformVersion);
        Assert.Equal("ElasticNetworkInterface", task.Attachments!.Single().Type);
        var sent = cloudNode.Running.Single();
        Assert.Equal("bridge", sent.NetworkMode);
        Assert.Null(sent.Containers![0].PortMappings);
        Assert.Equal(0.25, sent.Cpu);
        Assert.Equal("AWS_ECS_FARGATE", sent.Containers[0].Environment!["AWS_EXECUTION_ENV"]);
        Assert.Equal(EcsCloud.Region, sent.Containers[0].Environment!["AWS_REGION"]);
        Assert.Empty(external.Running);
    }

    [Fact]
    public async Task AnAwsvpcTaskOnOurOwnNodeShowsItsAddress()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var node = await FakeAgent.JoinAsync(
            cloud, attributes: new EcsAttribute { Name = "longspan.capability.node", Value = "1" });
        node.Decide = _ => Behaviour.Ignore;
        await cloud.RegisterAsync("web", r =>
        {
            r.RequiresCompatibilities = ["FARGATE"];
            (r.NetworkMode, r.Cpu, r.Memory) = ("awsvpc", "256", "512");
            r.ContainerDefinitions![0].PortMappings = [new PortMapping { ContainerPort = 8080 }];
        });
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "web", LaunchType = "FARGATE",
            NetworkConfiguration = new NetworkConfiguration { AwsvpcConfiguration = new AwsVpcConfiguration { Subnets = ["subnet-1"] } },
        })).Tasks!.Single();
        var sent = (await EcsCloud.UntilAsync("payload", () => Task.FromResult(node.ReceivedOf<PayloadMessage>()), p => p.Count == 1))[0].Tasks![0];
        Assert.Equal("awsvpc", sent.NetworkMode);
        Assert.Equal(8080, sent.Containers![0].PortMappings![0].ContainerPort);
        Assert.Null(sent.Containers[0].DockerConfig!.HostConfig);

        await cloud.CallAsync(EcsOperations.SubmitTaskStateChange, new()
        {
            Task = task.TaskArn, Status = "RUNNING",
            Containers =
            [
                new ContainerStateChange
                {
                    ContainerName = "main", Status = "RUNNING",
                    NetworkBindings = [new NetworkBinding { BindIP = "172.30.0.9", ContainerPort = 8080, HostPort = 8080, Protocol = "tcp" }],
                },
            ],
        });

        var running = await cloud.TaskAsync(task.TaskArn!);
        Assert.Equal("172.30.0.9", running.Attachments!.Single().Details!.Single(d => d.Name == "privateIPv4Address").Value);
        Assert.Equal("172.30.0.9", running.Containers!.Single().NetworkInterfaces!.Single().PrivateIpv4Address);
        Assert.Empty(running.Containers!.Single().NetworkBindings!);
    }

    [Fact]
    public async Task OverridesReachTheAgentMerged()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EC2");
        await cloud.RegisterAsync("job", r => r.ContainerDefinitions![0].Environment = [new() { Name = "A", Value = "1" }, new() { Name = "B", Value = "2" }]);

        var task = (await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "job",
            StartedBy = "tester",
            Overrides = new TaskOverride
            {
                TaskRoleArn = "arn:aws:iam::123456789012:role/worker",
                ContainerOverrides =
                [
                    new ContainerOverride { Name = "main", Command = ["echo", "hi"], Environment = [new() { Name = "B", Value = "3" }], Memory = 96 },
                ],
            },
        })).Tasks!.Single();
        await cloud.UntilTaskAsync(task.TaskArn!, "RUNNING");

        var container = Assert.Single(agent.Running.Single().Containers!);
        Assert.Equal(["echo", "hi"], container.Command);
        Assert.Equal(96, container.Memory);
        Assert.Equal(("1", "3"), (container.Environment!["A"], container.Environment!["B"]));
        var keys = agent.Running.Single().RoleCredentials!;
        Assert.StartsWith("ASIA", keys.AccessKeyId);
        Assert.Equal(task.TaskArn!.Split('/')[^1], cloud.Sts.Calls.Single().RoleSessionName);
        var listed = await cloud.CallAsync(EcsOperations.ListTasks, new() { StartedBy = "tester" });
        Assert.Equal([task.TaskArn], listed.TaskArns!);
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListTasks, new() { StartedBy = "else" })).TaskArns!);
    }

    [Fact]
    public async Task ARoleThatCannotBeAssumedStopsTheTaskWithAReason()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EC2");
        await cloud.RegisterAsync("job", r => r.TaskRoleArn = "arn:aws:iam::123456789012:role/missing");
        // The role needs a capability that this bare agent does not announce.
        await cloud.CallAsync(EcsOperations.PutAttributes, new()
        {
            Attributes = [new() { Name = "com.amazonaws.ecs.capability.task-iam-role", TargetId = agent.Arn }],
        });

        var task = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job" })).Tasks!.Single();
        var stopped = await cloud.UntilTaskAsync(task.TaskArn!, "STOPPED");

        Assert.Equal("TaskFailedToStart", stopped.StopCode);
        Assert.StartsWith("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/missing'", stopped.StoppedReason);
        Assert.Empty(agent.ReceivedOf<PayloadMessage>());
    }

    [Fact]
    public async Task RefusalsAreSpelledAsAwsSpellsThem()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("job");

        var cluster = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", Cluster = "nope" }));
        Assert.Equal(("ClusterNotFoundException", "Cluster not found."), (cluster.Code, cluster.Message));
        var definition = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "nope" }));
        Assert.Equal(("ClientException", "TaskDefinition not found."), (definition.Code, definition.Message));
        var instances = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job" }));
        Assert.Equal(("InvalidParameterException", "No Container Instances were found in your cluster."), (instances.Code, instances.Message));
        var fargate = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "FARGATE" }));
        Assert.Equal("InvalidParameterException", fargate.Code);
        var missing = await cloud.CallAsync(EcsOperations.DescribeTasks, new() { Tasks = [new string('a', 32)] });
        Assert.Equal("MISSING", missing.Failures!.Single().Reason);
    }
}
