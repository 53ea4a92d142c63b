using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed partial class NodeAgentTests
{
    [Fact]
    public async Task A_container_protects_its_task_with_the_tasks_own_keys()
    {
        var port = FreePort();
        _plane.Answers["UpdateTaskProtection"] = b => (200, $$"""
            {"protectedTasks":[{"taskArn":"{{(string)b["tasks"]![0]!}}","protectionEnabled":true,"expirationDate":1665023356}],"failures":[]}
            """);
        _plane.Answers["GetTaskProtection"] = _ => (400, """{"__type":"AccessDeniedException","message":"not yours"}""");
        Start(Settings with { MetadataBind = new IPEndPoint(IPAddress.Loopback, port) });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a") with { RoleCredentials = Keys("cid", "ASIATASK") }));
        await StateAsync("a", "RUNNING");
        var saved = JsonNode.Parse(await File.ReadAllTextAsync(Directory.EnumerateFiles(Path.Combine(_folder, "tasks"), "*.json").Single()))!;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        var path = $"api/{saved["containers"]![0]!["metadataId"]}/task-protection/v1/state";

        using var set = await http.PutAsJsonAsync(path, new { ProtectionEnabled = true, ExpiresInMinutes = 60 });
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        var protection = (await set.Content.ReadFromJsonAsync<JsonObject>())!["protection"]!;
        Assert.Equal((TaskBench.Arn("a"), true, "2022-10-06T02:29:16Z"),
            ((string?)protection["TaskArn"], (bool)protection["ProtectionEnabled"]!, (string?)protection["ExpirationDate"]));
        var call = _plane.Calls.Single(c => c.Operation == "UpdateTaskProtection");
        Assert.Contains("Credential=ASIATASK/", call.Headers.Authorization, StringComparison.Ordinal);
        Assert.Equal((60, true), ((int)call.Body["expiresInMinutes"]!, (bool)call.Body["protectionEnabled"]!));

        using var read = await http.GetAsync(path);
        Assert.Equal(HttpStatusCode.BadRequest, read.StatusCode);
        var error = (await read.Content.ReadFromJsonAsync<JsonObject>())!["error"]!;
        Assert.Equal((TaskBench.Arn("a"), "AccessDeniedException", "not yours"), ((string?)error["Arn"], (string?)error["Code"], (string?)error["Message"]));
        foreach (var body in new[] { "{", "[]", "{}", """{"ProtectionEnabled":"yes"}""", """{"ProtectionEnabled":true,"More":1}""" })
        {
            using var nonsense = await http.PutAsync(path, new StringContent(body));
            Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
        }
        using var unknown = await http.GetAsync("api/nope/task-protection/v1/state");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_task_without_a_role_cannot_ask_for_protection()
    {
        var port = FreePort();
        Start(Settings with { MetadataBind = new IPEndPoint(IPAddress.Loopback, port) });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, TaskBench.Task("a")));
        await StateAsync("a", "RUNNING");
        var saved = JsonNode.Parse(await File.ReadAllTextAsync(Directory.EnumerateFiles(Path.Combine(_folder, "tasks"), "*.json").Single()))!;
        using var http = new HttpClient();
        using var answer = await http.GetAsync(
            new Uri($"http://127.0.0.1:{port}/api/{saved["containers"]![0]!["metadataId"]}/task-protection/v1/state"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("AccessDeniedException", (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["error"]!["Code"]);
        Assert.Empty(_plane.Of("GetTaskProtection"));
    }
}
