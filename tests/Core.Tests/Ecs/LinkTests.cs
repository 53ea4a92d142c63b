using System.Net;
using System.Net.WebSockets;
using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class LinkTests
{
    private static async Task<string> RunAsync(EcsCloud cloud) =>
        (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" })).Tasks!.Single().TaskArn!;

    [Fact]
    public async Task TheManifestListsTheWholeAssignmentUnderARisingGeneration()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        var arn = await RunAsync(cloud);
        await cloud.UntilTaskAsync(arn, "RUNNING");
        var payload = Assert.Single(agent.ReceivedOf<PayloadMessage>());

        await agent.CutAsync();
        await agent.ConnectAsync();

        var manifests = agent.ReceivedOf<TaskManifestMessage>();
        Assert.Empty(manifests[0].Tasks!);
        Assert.Equal([arn], manifests[1].Tasks!.Select(t => t.TaskArn));
        Assert.All(manifests[1].Tasks!, t => Assert.Equal("RUNNING", t.DesiredStatus));
        Assert.True(manifests[0].Timeline < payload.SeqNum);
        Assert.True(payload.SeqNum < manifests[1].Timeline);
        // It is known to run: telling the agent again could start it twice on one that has forgotten it.
        Assert.Single(agent.ReceivedOf<PayloadMessage>());
    }

    [Fact]
    public async Task ALinkBelongsToTheIdentityThatRegisteredTheNode()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await agent.CutAsync();

        cloud.Dialer = new Caller(EcsCloud.Account, $"arn:aws:sts::{EcsCloud.Account}:assumed-role/task/abc", "AROAEXAMPLE:abc", "ASIAEXAMPLE", false);
        await Assert.ThrowsAsync<WebSocketException>(() => agent.ConnectAsync());

        cloud.Dialer = cloud.Caller;
        await agent.ConnectAsync();
    }

    [Fact]
    public async Task WhatWasNotReportedIsSentAgainAfterAReconnect()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        agent.Decide = _ => Behaviour.Ignore;
        await cloud.RegisterAsync("job");
        var arn = await RunAsync(cloud);
        await EcsCloud.UntilAsync("payload", () => Task.FromResult(agent.ReceivedOf<PayloadMessage>().Count), n => n == 1);

        await agent.CutAsync();
        agent.Decide = _ => Behaviour.Run;
        await agent.ConnectAsync();

        await cloud.UntilTaskAsync(arn, "RUNNING");
        Assert.Equal(2, agent.ReceivedOf<PayloadMessage>().Count);
    }

    [Fact]
    public async Task AStopDuringACutReachesTheAgentAfterIt()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        var arn = await RunAsync(cloud);
        await cloud.UntilTaskAsync(arn, "RUNNING");
        await agent.CutAsync();

        var asked = await cloud.CallAsync(EcsOperations.StopTask, new() { Task = arn });
        Assert.Equal("STOPPED", asked.Task!.DesiredStatus);
        Assert.Equal("RUNNING", (await cloud.TaskAsync(arn)).LastStatus);
        await agent.ConnectAsync();

        await cloud.UntilTaskAsync(arn, "STOPPED");
    }

    [Fact]
    public async Task ARestartedAgentGetsTheKeysOfItsLiveTasksUnderTheSameIds()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(
            cloud, "EXTERNAL", attributes: new EcsAttribute { Name = "com.amazonaws.ecs.capability.task-iam-role" });
        await cloud.RegisterAsync("job", r =>
        {
            r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker";
            r.ExecutionRoleArn = "arn:aws:iam::123456789012:role/execution";
        });
        var arn = await RunAsync(cloud);
        await cloud.UntilTaskAsync(arn, "RUNNING");
        var first = agent.Running.Single();
        Assert.NotEqual(first.RoleCredentials!.CredentialsId, first.ExecutionRoleCredentials!.CredentialsId);

        // A mere reconnect needs no keys.
        await agent.CutAsync();
        await agent.ConnectAsync();
        await agent.CutAsync();
        agent.Restart();
        await agent.ConnectAsync();

        var pushed = await EcsCloud.UntilAsync(
            "keys", () => Task.FromResult(agent.ReceivedOf<IAMRoleCredentialsMessage>()), m => m.Count >= 2);
        Assert.Equal(2, pushed.Count);
        Assert.Equal(first.RoleCredentials.CredentialsId,
            pushed.Single(m => m.RoleType == "TaskApplication").RoleCredentials!.CredentialsId);
        Assert.Equal(first.ExecutionRoleCredentials.CredentialsId,
            pushed.Single(m => m.RoleType == "TaskExecution").RoleCredentials!.CredentialsId);
        Assert.All(pushed, m => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", m.RoleCredentials!.Expiration));
    }

    [Fact]
    public async Task KeysNearTheirEndAreRenewed()
    {
        await using var cloud = await EcsCloud.StartAsync();
        // Nineteen minutes are less than the twenty before the end at which fresh keys are due.
        cloud.Sts.Life = TimeSpan.FromMinutes(19);
        await using var agent = await FakeAgent.JoinAsync(
            cloud, "EXTERNAL", attributes: new EcsAttribute { Name = "com.amazonaws.ecs.capability.task-iam-role" });
        agent.Decide = t =>
        {
            cloud.Sts.Life = TimeSpan.FromHours(1);
            return Behaviour.Run;
        };
        await cloud.RegisterAsync("job", r => r.TaskRoleArn = "arn:aws:iam::123456789012:role/worker");
        var arn = await RunAsync(cloud);

        var renewed = await EcsCloud.UntilAsync(
            "renewed", () => Task.FromResult(agent.ReceivedOf<IAMRoleCredentialsMessage>()), m => m.Count >= 1);
        Assert.Equal(arn, renewed[0].TaskArn);
    }

    [Fact]
    public async Task OnlyStrayTasksAreConfirmedForStopping()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        var arn = await RunAsync(cloud);
        await cloud.UntilTaskAsync(arn, "RUNNING");
        var stray = await RunAsync(cloud);
        await cloud.UntilTaskAsync(stray, "RUNNING");
        await agent.ExitAsync(stray, 0);
        await cloud.UntilTaskAsync(stray, "STOPPED");
        var unknown = arn[..(arn.LastIndexOf('/') + 1)] + new string('f', 32);

        await agent.SendAsync(new TaskStopVerificationMessage
        {
            MessageId = agent.ReceivedOf<TaskManifestMessage>()[^1].MessageId,
            StopCandidates = [new TaskIdentifier { TaskArn = arn, DesiredStatus = "STOPPED" }, new TaskIdentifier { TaskArn = stray, DesiredStatus = "STOPPED" },
                new TaskIdentifier { TaskArn = unknown, DesiredStatus = "STOPPED" }],
        });

        var answer = await EcsCloud.UntilAsync(
            "answer", () => Task.FromResult(agent.ReceivedOf<TaskStopVerificationAck>()), m => m.Count == 1);
        Assert.Equal([stray], answer[0].StopTasks!.Select(t => t.TaskArn));
        Assert.Equal("longspan/unknown", (await cloud.TaskAsync(unknown)).StartedBy);
    }

    [Fact]
    public async Task HeartbeatsBeginAtOnceAndANewerSessionReplacesTheOld()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await EcsCloud.UntilAsync("heartbeat", () => Task.FromResult(agent.ReceivedOf<HeartbeatMessage>().Count), n => n >= 1);
        using var newer = new ClientWebSocket();
        var uri = new Uri($"ws://{cloud.Endpoint.Authority}/ecs/acs/ws?clusterArn=default&containerInstanceArn={Uri.EscapeDataString(agent.Arn)}");
        await newer.ConnectAsync(uri, CancellationToken.None);
        await cloud.RegisterAsync("job");
        var before = agent.ReceivedOf<PayloadMessage>().Count;

        await RunAsync(cloud);

        var buffer = new byte[64 * 1024];
        var types = new List<string?>();
        while (!types.Contains(nameof(PayloadMessage)))
        {
            using var limit = new CancellationTokenSource(EcsCloud.Patience);
            var part = await newer.ReceiveAsync(buffer, limit.Token);
            types.Add(AgentFrame.Decode(buffer.AsSpan(0, part.Count)).Type);
        }
        Assert.Equal(before, agent.ReceivedOf<PayloadMessage>().Count);
    }

    [Theory]
    [InlineData("clusterArn=default&containerInstanceArn=00000000000000000000000000000000", 400, "InvalidInstanceException")]
    [InlineData("clusterArn=default", 400, "InvalidParameterException")]
    public async Task UnknownInstancesAreRefused(string query, int status, string code)
    {
        await using var cloud = await EcsCloud.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cloud.Endpoint, "/ecs/acs/ws?" + query))
        {
            Headers = { { "Connection", "Upgrade" }, { "Upgrade", "websocket" }, { "Sec-WebSocket-Version", "13" }, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" } },
        };
        using var response = await http.SendAsync(request);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Contains($"\"type\":\"{code}\"", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AServerRestartLosesNothingAndRepeatsNothing()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-ecs-").FullName;
        try
        {
            FakeAgent agent;
            string arn;
            await using (var cloud = await EcsCloud.StartAsync(folder))
            {
                agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
                await cloud.RegisterAsync("job");
                arn = await RunAsync(cloud);
                await cloud.UntilTaskAsync(arn, "RUNNING");
            }
            // It was told that the server goes away, which is no loss of the node.
            Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await agent.UntilClosedAsync());
            await agent.CutAsync();
            await using (var cloud = await EcsCloud.StartAsync(folder))
            {
                var node = await cloud.CallAsync(EcsOperations.DescribeContainerInstances, new() { ContainerInstances = [agent.Arn] });
                Assert.True(node.ContainerInstances!.Single().AgentConnected);
                var task = await cloud.TaskAsync(arn);
                Assert.Equal(("RUNNING", "RUNNING"), (task.LastStatus, task.DesiredStatus));
                await agent.ConnectAsync(cloud);
                await using (agent)
                {
                    Assert.Equal([arn], agent.ReceivedOf<TaskManifestMessage>()[^1].Tasks!.Select(t => t.TaskArn));
                    var second = await RunAsync(cloud);
                    await cloud.UntilTaskAsync(second, "RUNNING");
                    Assert.Equal(2, agent.ReceivedOf<PayloadMessage>().Count);
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
