using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Core.Tests.Ecs.AgentDouble;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>
/// Sessions of real agents as they were observed, sent again word for word but for the ids. A line says who speaks: <c>&gt; acs|tcs|api</c> the
/// agent, <c>&lt;</c> the message that is waited for, <c>!</c> what the operator does, <c>=</c> the task's state, <c>?</c> a container's exit code,
/// <c>%</c> why it has stopped.
/// </summary>
public sealed class RecordedAgentTests(AgentServerFixture fixture) : IClassFixture<AgentServerFixture>
{
    private readonly AgentServer _server = fixture.Server;

    [Theory]
    [InlineData("run-and-stop")]
    [InlineData("crash-in-one-report")]
    [InlineData("refused-payload")]
    public async Task ASessionIsTakenAsItWasRecorded(string name)
    {
        var cluster = await _server.ClusterAsync();
        await using var agent = await _server.JoinedAsync(cluster);
        await agent.DropAsync();
        using var control = await agent.OpenAsync(agent.ControlTarget());
        using var telemetry = await agent.OpenAsync(agent.TelemetryTarget);
        await _server.RegisterAsync(name, r => r.ContainerDefinitions!.Add(new ContainerDefinition { Name = "side", Image = "busybox", Memory = 16, Essential = false }));
        var values = new Dictionary<string, string>
        {
            ["cluster"] = $"arn:aws:ecs:us-east-1:123456789012:cluster/{cluster}", ["instance"] = agent.Arn!, ["mycluster"] = cluster,
        };
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Ecs", "Recordings", name + ".txt")))
        {
            var words = line.Split(' ', 3);
            switch (words[0])
            {
                case "<":
                    await ReceiveAsync(words[1] == "acs" ? control : telemetry, words[1] == "acs" ? ServerMessages.Control : ServerMessages.Telemetry, words[2], values);
                    break;
                case ">" when words[1] == "api":
                    var call = words[2].Split(' ', 2);
                    var (status, code, _) = await agent.CallAsync(call[0], JsonNode.Parse(Fill(call[1], values))!.AsObject());
                    Assert.Equal((200, ""), (status, code));
                    break;
                case ">" when words[1] == "acs":
                    await control.SendTextAsync(Fill(words[2], values));
                    break;
                case ">":
                    var frame = JsonNode.Parse(Fill(words[2], values))!;
                    await telemetry.SendAsync(RawSocket.Text, agent.Frame((string)frame["type"]!, (JsonObject)frame["message"]!.DeepClone()));
                    break;
                case "!":
                    await OperateAsync(words[1], name, cluster, agent, values);
                    break;
                case "=":
                    await _server.UntilTaskAsync(cluster, values["task"], words[1]);
                    break;
                case "%":
                    Assert.Equal(line[2..], (await _server.TaskAsync(cluster, values["task"])).StoppedReason);
                    break;
                case "?":
                    var task = await _server.TaskAsync(cluster, values["task"]);
                    Assert.Equal(int.Parse(words[2]), task.Containers!.Single(c => c.Name == words[1]).ExitCode);
                    break;
            }
        }
    }

    private async Task OperateAsync(string what, string family, string cluster, AmazonAgent agent, Dictionary<string, string> values)
    {
        if (what == "stop")
        {
            await _server.CallAsync(EcsOperations.StopTask, new() { Cluster = cluster, Task = values["task"] });
            return;
        }
        var answer = await _server.CallAsync(
            EcsOperations.StartTask, new() { Cluster = cluster, TaskDefinition = family, ContainerInstances = [agent.Arn!] });
        values["task"] = answer.Tasks!.Single().TaskArn!;
    }

    private static string Fill(string text, Dictionary<string, string> values)
    {
        foreach (var (name, value) in values)
        {
            text = text.Replace("{" + name + "}", value, StringComparison.Ordinal);
        }
        return text.Replace("\"mycluster\"", $"\"{values["mycluster"]}\"", StringComparison.Ordinal);
    }

    private static async Task ReceiveAsync(RawSocket socket, IReadOnlyDictionary<string, Kind> types, string type, Dictionary<string, string> values)
    {
        using var limit = new CancellationTokenSource(EcsCloud.Patience);
        while (await socket.ReceiveAsync(_ => { }).WaitAsync(limit.Token) is { } text)
        {
            Assert.Empty(ServerMessages.FaultsOf(text, types, "recorded", out var found, out var body));
            if (found == type)
            {
                values["messageId"] = body.TryGetProperty("messageId", out var id) ? id.GetString()! : "";
                return;
            }
        }
        Assert.Fail($"The session ended before {type}.");
    }
}
