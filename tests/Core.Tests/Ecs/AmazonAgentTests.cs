using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>The life of an unmodified Amazon agent on our server, played by a double that was written from the protocol alone.</summary>
public sealed class AmazonAgentTests(AgentServerFixture fixture) : IClassFixture<AgentServerFixture>
{
    private readonly AgentServer _server = fixture.Server;

    [Fact]
    public async Task AnAgentJoinsRunsATaskAndStopsIt()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with
        {
            InstanceAttributes = new Dictionary<string, string> { ["rack"] = "7" },
            Tags = new Dictionary<string, string> { ["site"] = "works" },
        });
        await agent.UntilAcknowledgedAsync("AckPublishMetric", 1);
        await agent.UntilReceivedAsync("HeartbeatMessage", 1);
        var family = await _server.RegisterAsync("life");

        var arn = await _server.RunAsync(cluster, family);
        var running = await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        Assert.Equal(32768, running.Containers![0].NetworkBindings![0].HostPort);
        Assert.StartsWith("sha256:", running.Containers[0].ImageDigest, StringComparison.Ordinal);
        await _server.CallAsync(EcsOperations.StopTask, new() { Cluster = cluster, Task = arn, Reason = "enough" });
        var stopped = await _server.UntilTaskAsync(cluster, arn, "STOPPED");

        Assert.Equal(("enough", 137), (stopped.StoppedReason, stopped.Containers![0].ExitCode));
        Assert.NotNull(stopped.ExecutionStoppedAt);
        Assert.Equal(1, agent.Discoveries);
        var instance = await _server.InstanceAsync(agent);
        Assert.StartsWith("mi-", instance.Ec2InstanceId, StringComparison.Ordinal);
        Assert.Equal(("1.99.1", "6f648b79", "DockerVersion: 20.10.24+dfsg1"),
            (instance.VersionInfo!.AgentVersion, instance.VersionInfo.AgentHash, instance.VersionInfo.DockerVersion));
        Assert.Equal("7", instance.Attributes!.Single(a => a.Name == "rack").Value);
        Assert.Equal("works", Assert.Single(instance.Tags!).Value);
        Assert.True(instance.AgentConnected);
        Assert.Equal(2048, instance.RegisteredResources!.Single(r => r.Name == "CPU").IntegerValue);
        Assert.Equal(["22", "2375", "2376", "51678", "51679"], instance.RegisteredResources!.Single(r => r.Name == "PORTS").StringSetValue);
    }

    [Fact]
    public async Task WhatTheContainerRuntimeIsLikeIsShown()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        async Task<InstanceHealthCheckResult> UntilAsync(string status) => (await EcsCloud.UntilAsync(
            status, async () => (await _server.InstanceAsync(agent)).HealthStatus!, h => h.OverallStatus == status, h => h.OverallStatus!)).Details!.Single();

        await UntilAsync("OK");
        await agent.InstanceStatusAsync("IMPAIRED");
        var impaired = await UntilAsync("IMPAIRED");
        Assert.Equal("CONTAINER_RUNTIME", impaired.Type);
        Assert.NotNull(impaired.LastUpdated);
        await agent.InstanceStatusAsync("NONSENSE");
        await agent.UntilAcknowledgedAsync("AckPublishInstanceStatus", agent.Published["PublishInstanceStatusRequest"]);
        Assert.Equal("IMPAIRED", (await _server.InstanceAsync(agent)).HealthStatus!.OverallStatus);
    }

    [Fact]
    public async Task HealthComesByTelemetryOnly()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var family = await _server.RegisterAsync("healthy", r => r.ContainerDefinitions![0].HealthCheck = new HealthCheck { Command = ["CMD-SHELL", "true"] });
        var arn = await _server.RunAsync(cluster, family);
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        await agent.PublishMetricsAsync();
        await agent.PublishHealthAsync(arn, "HEALTHY");
        await EcsCloud.UntilAsync("healthy", () => _server.TaskAsync(cluster, arn), t => t.HealthStatus == "HEALTHY");
        await agent.PublishHealthAsync(arn, "FINE");
        await agent.PublishHealthAsync(arn, "UNHEALTHY", "nobody");
        await agent.UntilAcknowledgedAsync("AckPublishHealth", 3);
        Assert.Equal("HEALTHY", (await _server.TaskAsync(cluster, arn)).HealthStatus);
    }

    [Fact]
    public async Task ACrashIsReportedWithItsExitCodeAndAnImageThatIsNotThereWithItsReason()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with
        {
            Script = t => t.GetProperty("family").GetString() == "crash" ? Fate.Exit : Fate.FailToPull,
        });
        await _server.RegisterAsync("crash");
        await _server.RegisterAsync("nowhere");
        var crashed = await _server.UntilTaskAsync(cluster, await _server.RunAsync(cluster, "crash"), "STOPPED");
        Assert.Equal((1, "EssentialContainerExited"), (crashed.Containers![0].ExitCode, crashed.StopCode));
        var failed = await _server.UntilTaskAsync(cluster, await _server.RunAsync(cluster, "nowhere"), "STOPPED");
        Assert.Equal("TaskFailedToStart", failed.StopCode);
        Assert.StartsWith("CannotPullImageManifestError", failed.StoppedReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APartitionLosesNoReportAndStartsNothingTwice()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var family = await _server.RegisterAsync("cut");
        var one = await _server.RunAsync(cluster, family);
        var two = await _server.RunAsync(cluster, family);
        await _server.UntilTaskAsync(cluster, one, "RUNNING");
        await _server.UntilTaskAsync(cluster, two, "RUNNING");
        await agent.CutAsync();
        agent.End(one, 3);
        await _server.CallAsync(EcsOperations.StopTask, new() { Cluster = cluster, Task = two });
        Assert.Equal("RUNNING", (await _server.TaskAsync(cluster, one)).LastStatus);

        await agent.ReconnectAsync();
        Assert.Equal(3, (await _server.UntilTaskAsync(cluster, one, "STOPPED")).Containers![0].ExitCode);
        await _server.UntilTaskAsync(cluster, two, "STOPPED");
        // No registration and no discovery; a manifest under a new number, which the agent took.
        Assert.Equal(1, agent.Discoveries);
        Assert.Equal(2, agent.Received("TaskManifestMessage").Count);
        Assert.Equal(1, agent.Find(one)!.Payloads);
    }

    [Fact]
    public async Task ARestartedAgentComesBackUnderItsArnAndGetsItsKeysAgain()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with
        {
            InstanceAttributes = new Dictionary<string, string> { ["rack"] = "7" },
        });
        var family = await _server.RegisterAsync("keys", r =>
        {
            r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker";
            r.ExecutionRoleArn = "arn:aws:iam::123456789012:role/execution";
        });
        var arn = await _server.RunAsync(cluster, family);
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        var task = agent.Find(arn)!.Payload;
        var role = task.GetProperty("roleCredentials").GetProperty("credentialsId").GetString()!;
        var execution = task.GetProperty("executionRoleCredentials").GetProperty("credentialsId").GetString()!;
        Assert.NotEqual(role, execution);

        // A reconnect needs no keys, because these were acknowledged.
        await agent.ReconnectAsync();
        await agent.UntilReceivedAsync("HeartbeatMessage", 2);
        Assert.Empty(agent.Received("IAMRoleCredentialsMessage"));

        var before = agent.Arn;
        await agent.StopProcessAsync();
        Assert.Null(agent.CredentialsOf(role));
        Assert.Null(await agent.StartAsync());
        await agent.UntilReceivedAsync("IAMRoleCredentialsMessage", 2);
        Assert.NotNull(agent.CredentialsOf(role));
        Assert.NotNull(agent.CredentialsOf(execution));
        Assert.Equal(before, agent.Arn);
        // Custom attributes come at the first registration only and stay.
        Assert.Equal("7", (await _server.InstanceAsync(agent)).Attributes!.Single(a => a.Name == "rack").Value);
        Assert.Equal(2, agent.Received("IAMRoleCredentialsMessage").Count);
        Assert.Equal(1, agent.Find(arn)!.Payloads);
    }

    [Fact]
    public async Task KeysThatWereNotAcknowledgedAreSentAgain()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        agent.AcknowledgesCredentials = false;
        var family = await _server.RegisterAsync("unconfirmed", r => r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker");
        var arn = await _server.RunAsync(cluster, family);
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        // An acknowledgement of another message must not count.
        await agent.SendControlAsync("IAMRoleCredentialsAckRequest", new JsonObject
        {
            ["messageId"] = "11111111-2222-3333-4444-555555555555", ["expiration"] = "2099-01-01T00:00:00Z",
            ["credentialsId"] = agent.Find(arn)!.Payload.GetProperty("roleCredentials").GetProperty("credentialsId").GetString(),
        });
        await agent.ReconnectAsync();
        Assert.Equal(arn, (await agent.UntilReceivedAsync("IAMRoleCredentialsMessage", 1))[0].GetProperty("taskArn").GetString());
    }

    [Fact]
    public async Task WhatTheManifestDoesNotListIsStoppedOnlyIfItIsReallyNotWanted()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var family = await _server.RegisterAsync("manifest");
        var arn = await _server.RunAsync(cluster, family);
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        // The server gives the task up while the agent cannot hear it.
        await agent.CutAsync();
        await _server.CallAsync(EcsOperations.SubmitTaskStateChange, new() { Cluster = cluster, Task = arn, Status = "STOPPED" });
        await agent.ReconnectAsync();

        var confirmed = (await agent.UntilReceivedAsync("TaskStopVerificationAck", 1))[0];
        Assert.Equal([arn], confirmed.GetProperty("stopTasks").EnumerateArray().Select(t => t.GetProperty("taskArn").GetString()));
        await EcsCloud.UntilAsync("stopped", () => Task.FromResult(agent.RunningTasks().Count), n => n == 0);
        // A verification for an older manifest is not answered.
        await agent.SendControlAsync("TaskStopVerificationMessage", new JsonObject { ["messageId"] = "nothing", ["stopCandidates"] = new JsonArray() });
        await agent.ReconnectAsync();
        Assert.Single(agent.Received("TaskStopVerificationAck"));
    }

    [Fact]
    public async Task WhatWasNotAcknowledgedComesAgainAndWhatHasStoppedNever()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with { Script = _ => Fate.NeverStart });
        agent.AcknowledgesPayloads = false;
        var family = await _server.RegisterAsync("again");
        var arn = await _server.RunAsync(cluster, family);
        await agent.UntilReceivedAsync("PayloadMessage", 1);
        agent.AcknowledgesPayloads = true;
        await agent.ReconnectAsync();
        await agent.UntilReceivedAsync("PayloadMessage", 2);
        Assert.Equal(2, agent.Find(arn)!.Payloads);

        agent.End(arn, 0);
        await _server.UntilTaskAsync(cluster, arn, "STOPPED");
        agent.CleanUp();
        await agent.ReconnectAsync();
        await agent.UntilReceivedAsync("HeartbeatMessage", 3);
        Assert.Equal(2, agent.Received("PayloadMessage").Count);
    }

    [Fact]
    public async Task TheNewerOfTwoConnectionsWins()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        await agent.UntilReceivedAsync("TaskManifestMessage", 1);
        using var newer = await agent.OpenAsync(agent.ControlTarget());
        var end = await agent.UntilControlEndsAsync();
        Assert.Equal(Pause.Backoff, AmazonAgent.PauseAfter(end));
        using var telemetry = await agent.OpenAsync(agent.TelemetryTarget);
        Assert.Equal(Pause.Backoff, AmazonAgent.PauseAfter(await agent.UntilTelemetryEndsAsync()));

        await _server.RunAsync(cluster, await _server.RegisterAsync("newer"));
        string? frame;
        do
        {
            frame = await newer.ReceiveAsync(_ => { });
        }
        while (frame is not null && !frame.Contains("PayloadMessage", StringComparison.Ordinal));
        Assert.NotNull(frame);
        Assert.Empty(agent.Received("PayloadMessage"));
        Assert.True((await _server.InstanceAsync(agent)).AgentConnected);
    }

    [Fact]
    public async Task AnExpiredSessionIsAnsweredAndLetsTheAgentBackAtOnce()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        await agent.UntilReceivedAsync("TaskManifestMessage", 1);
        var end = await agent.ExpireAsync();
        Assert.Equal(Pause.None, AmazonAgent.PauseAfter(end));
        await agent.Telemetry.SendCloseAsync(1000, "ConnectionExpired: Reconnect to continue");
        Assert.Equal(1000, (await agent.UntilTelemetryEndsAsync()).Code);
        await agent.ReconnectAsync();
        await agent.UntilReceivedAsync("TaskManifestMessage", 2);
    }

    [Fact]
    public async Task ADeregisteredInstanceGoesQuietAndItsTasksRunOn()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        var arn = await _server.RunAsync(cluster, await _server.RegisterAsync("gone"));
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        var refused = await Assert.ThrowsAnyAsync<AwsError>(() => _server.CallAsync(
            EcsOperations.DeregisterContainerInstance, new() { Cluster = cluster, ContainerInstance = agent.Arn }));
        Assert.Equal("InvalidParameterException", refused.Code);

        await _server.CallAsync(EcsOperations.DeregisterContainerInstance, new() { Cluster = cluster, ContainerInstance = agent.Arn, Force = true });
        Assert.Equal(Pause.Hour, AmazonAgent.PauseAfter(await agent.UntilControlEndsAsync()));
        Assert.Equal(Pause.Hour, AmazonAgent.PauseAfter(await agent.UntilTelemetryEndsAsync()));
        Assert.Single(agent.RunningTasks());
        // After its hour it is still refused in the one way that keeps it quiet.
        var handshake = await Assert.ThrowsAsync<HandshakeRefusedException>(() => agent.ConnectControlAsync());
        var body = JsonNode.Parse(handshake.Body)!;
        Assert.Equal("InactiveInstanceException", (string?)body["type"]);
        Assert.NotNull((string?)body["message"]!["message"]);
        // A restart ends it for good, as its saved registration is gone.
        await agent.StopProcessAsync();
        Assert.Equal(5, await agent.StartAsync());
    }

    [Fact]
    public async Task AServerRestartIsAReconnectAndNothingElse()
    {
        await using var server = await AgentServer.StartAsync();
        var cluster = await server.ClusterAsync();
        await using var agent = await server.JoinedAsync(cluster);
        var family = await server.RegisterAsync("stays");
        var arn = await server.RunAsync(cluster, family);
        await server.UntilTaskAsync(cluster, arn, "RUNNING");
        await server.RestartAsync();
        Assert.Equal(Pause.None, AmazonAgent.PauseAfter(await agent.UntilControlEndsAsync()));
        await agent.ReconnectAsync();
        await server.UntilTaskAsync(cluster, await server.RunAsync(cluster, family), "RUNNING");
        Assert.Equal(1, agent.Find(arn)!.Payloads);
        Assert.Equal(1, agent.Discoveries);
    }

    [Fact]
    public async Task SeveralVersionsServeOneCluster()
    {
        var cluster = await _server.ClusterAsync();
        var agents = new List<AmazonAgent>();
        foreach (var release in AgentRelease.All)
        {
            agents.Add(await _server.JoinedAsync(cluster, s => s with { Release = release }));
        }
        var family = await _server.RegisterAsync("mixed");
        foreach (var agent in agents)
        {
            var answer = await _server.CallAsync(
                EcsOperations.StartTask, new() { Cluster = cluster, TaskDefinition = family, ContainerInstances = [agent.Arn!] });
            await _server.UntilTaskAsync(cluster, answer.Tasks!.Single().TaskArn!, "RUNNING");
            Assert.Equal(agent.Settings.Release.Version, (await _server.InstanceAsync(agent)).VersionInfo!.AgentVersion);
        }
        // What an older agent would pass over in silence is placed only where it is known.
        var restarts = await _server.RegisterAsync("restarts", r =>
            r.ContainerDefinitions![0].RestartPolicy = new ContainerRestartPolicy { Enabled = true });
        for (var i = 0; i < 3; i++)
        {
            await _server.UntilTaskAsync(cluster, await _server.RunAsync(cluster, restarts), "RUNNING");
        }
        Assert.Equal([4, 1, 1], agents.Select(a => a.RunningTasks().Count));
        foreach (var agent in agents)
        {
            await agent.DisposeAsync();
        }
    }

    [Fact]
    public async Task WhatContainersAskTheirAgentForIsAnswered()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with { Tags = new Dictionary<string, string> { ["site"] = "works" } });
        await _server.RegisterAsync("asks", r =>
        {
            r.ContainerDefinitions![0].Image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1";
            r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker";
            r.ExecutionRoleArn = "arn:aws:iam::123456789012:role/execution";
        });
        await _server.CallAsync(EcsOperations.CreateService, new()
        {
            Cluster = cluster, ServiceName = "asks", TaskDefinition = "asks", DesiredCount = 1, LaunchType = "EXTERNAL",
            Tags = [new Tag { Key = "team", Value = "press" }], PropagateTags = "SERVICE",
        });
        var task = (await EcsCloud.UntilAsync("running", () => Task.FromResult(agent.RunningTasks()), r => r.Count == 1))[0];
        SigningKeys Role(string name) => agent.CredentialsOf(task.Payload.GetProperty(name).GetProperty("credentialsId").GetString()!) is { } keys
            ? new SigningKeys(keys.GetProperty("accessKeyId").GetString()!, keys.GetProperty("secretAccessKey").GetString()!, keys.GetProperty("sessionToken").GetString())
            : throw new InvalidOperationException(name);

        // §2.8: tags for the metadata, signed by the instance.
        foreach (var (resource, key) in new[] { (agent.Arn!, "site"), (task.Arn, "team") })
        {
            var (status, code, answer) = await agent.CallAsync("ListTagsForResource", new JsonObject { ["resourceArn"] = resource });
            Assert.Equal((200, ""), (status, code));
            Assert.Contains(answer["tags"]!.AsArray(), t => (string?)t!["key"] == key);
        }
        // §5.5: protection, signed by the task's own role; one element in one of the two lists.
        var asked = new JsonObject { ["cluster"] = cluster, ["tasks"] = new JsonArray(task.Arn) };
        var read = await agent.CallAsync("GetTaskProtection", (JsonObject)asked.DeepClone(), Role("roleCredentials"));
        Assert.Equal((200, 1, 0), (read.Status, read.Body["protectedTasks"]!.AsArray().Count, (read.Body["failures"] as JsonArray)?.Count ?? 0));
        asked["protectionEnabled"] = true;
        asked["expiresInMinutes"] = 60;
        var set = await agent.CallAsync("UpdateTaskProtection", asked, Role("roleCredentials"));
        Assert.True((bool)set.Body["protectedTasks"]![0]!["protectionEnabled"]!);
        Assert.Equal(JsonValueKind.Number, set.Body["protectedTasks"]![0]!["expirationDate"]!.GetValueKind());
        // §7.1: a login for the registry at the address that the payload names, signed by the execution role; exactly one element.
        var login = task.Payload.GetProperty("containers")[0].GetProperty("registryAuthentication").GetProperty("ecrAuthData");
        Assert.Equal(_server.Endpoint, new Uri(login.GetProperty("endpointOverride").GetString()!));
        var token = await agent.CallAsync(
            "ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
            new JsonObject { ["registryIds"] = new JsonArray(login.GetProperty("registryId").GetString()) }, Role("executionRoleCredentials"));
        var data = Assert.Single(token.Body["authorizationData"]!.AsArray())!;
        Assert.Equal(JsonValueKind.Number, data["expiresAt"]!.GetValueKind());
        Assert.Contains(':', System.Text.Encoding.UTF8.GetString(Convert.FromBase64String((string)data["authorizationToken"]!)));
        Assert.NotNull((string?)data["proxyEndpoint"]);
    }

    [Fact]
    public async Task AnUpgradedAgentIsShownAsItIsNowAndSoIsAnOlderOne()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with { Release = AgentRelease.FirstExternal });
        const string Capability = "ecs.capability.container-restart-policy";
        foreach (var release in new[] { AgentRelease.FirstExternal, AgentRelease.Current, AgentRelease.FirstExternal })
        {
            await agent.StopProcessAsync();
            agent.Settings = agent.Settings with { Release = release, DockerVersion = release == AgentRelease.Current ? "28.0.1" : "20.10.24" };
            Assert.Null(await agent.StartAsync());
            var instance = await EcsCloud.UntilAsync(release.Version, () => _server.InstanceAsync(agent),
                i => i.VersionInfo!.AgentVersion == release.Version && i.VersionInfo.DockerVersion == "DockerVersion: " + agent.Settings.DockerVersion);
            Assert.Equal(release == AgentRelease.Current, instance.Attributes!.Any(a => a.Name == Capability));
        }
    }

    [Fact]
    public async Task WhatIsLeftOfAnInstanceIsShown()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        await _server.RegisterAsync("ports", r =>
            r.ContainerDefinitions![0].PortMappings = [new PortMapping { ContainerPort = 80, HostPort = 8080 }, new PortMapping { ContainerPort = 53, HostPort = 53, Protocol = "udp" }]);
        var arn = await _server.RunAsync(cluster, "ports");
        await _server.UntilTaskAsync(cluster, arn, "RUNNING");
        var instance = await _server.InstanceAsync(agent);
        Resource Left(string name) => instance.RemainingResources!.Single(r => r.Name == name);
        Assert.Equal((2048 - 128, 4096 - 64), (Left("CPU").IntegerValue, Left("MEMORY").IntegerValue));
        Assert.Contains("8080", Left("PORTS").StringSetValue!);
        Assert.Equal(["53"], Left("PORTS_UDP").StringSetValue);
        Assert.Equal((1, 0), (instance.RunningTasksCount, instance.PendingTasksCount));
        await _server.CallAsync(EcsOperations.StopTask, new() { Cluster = cluster, Task = arn });
        await _server.UntilTaskAsync(cluster, arn, "STOPPED");
        instance = await _server.InstanceAsync(agent);
        Assert.Equal(2048, Left("CPU").IntegerValue);
        Assert.Empty(Left("PORTS_UDP").StringSetValue!);
    }

    [Fact]
    public async Task ItsQueueNeverWaitsBecauseWeGiveItNoMoreThanItHas()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster, s => s with { Cpu = 1024, Memory = 512 });
        await _server.RegisterAsync("gate", r =>
        {
            r.ContainerDefinitions![0].Cpu = 256;
            r.ContainerDefinitions[0].PortMappings = [new PortMapping { ContainerPort = 80 }];
        });
        await _server.CallAsync(EcsOperations.CreateService, new()
        {
            Cluster = cluster, ServiceName = "gate", TaskDefinition = "gate", DesiredCount = 4, LaunchType = "EXTERNAL",
            DeploymentConfiguration = new DeploymentConfiguration { MinimumHealthyPercent = 0, MaximumPercent = 100 },
        });
        await EcsCloud.UntilAsync("full", () => Task.FromResult(agent.RunningTasks().Count), n => n == 4);
        await _server.RegisterAsync("gate", r => r.ContainerDefinitions![0].Cpu = 512);
        await _server.CallAsync(EcsOperations.UpdateService, new() { Cluster = cluster, Service = "gate", TaskDefinition = "gate", DesiredCount = 2 });
        await EcsCloud.UntilAsync("rolled", () => Task.FromResult(agent.RunningTasks()), r => r.Count == 2 && r.All(t => t.Version != "1"),
            r => string.Join(", ", r.Select(t => t.Version)));
        Assert.Equal(0, agent.Blocked);
    }

    [Fact]
    public async Task APassedOverRegistrationRetryMakesNoSecondInstance()
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        // §2.3: the client token is the same across the agent's own retries.
        var (status, _, answer) = await agent.CallAsync("RegisterContainerInstance", (JsonObject)agent.LastRegistration.DeepClone());
        Assert.Equal((200, agent.Arn), (status, (string?)answer["containerInstance"]!["containerInstanceArn"]));
        // Nobody else gets anything by replaying it.
        var other = await (await _server.MachineAsync()).KeysAsync();
        var (_, _, stranger) = await agent.CallAsync("RegisterContainerInstance", (JsonObject)agent.LastRegistration.DeepClone(), other);
        Assert.NotEqual(agent.Arn, (string?)stranger["containerInstance"]?["containerInstanceArn"]);
    }

    [Fact]
    public async Task AClusterThatIsNotThereIsARetriableFailure()
    {
        await using var agent = await _server.AgentAsync("nowhere");
        Assert.Equal(1, await agent.StartAsync());
    }
}
