using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed partial class NodeAgentTests
{
    private const string Retrieval = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ";

    private static AgentTask Configured(string id, string[] parameters, params string[] files) => TaskBench.Task(id, new AgentContainer
    {
        Name = "main", Image = "app", Essential = true, Memory = 64,
        Secrets = [.. parameters.Select((p, i) => new AgentSecret { Name = $"P{i}", ValueFrom = p, Provider = "ssm", Region = "us-east-1", Target = "CONTAINER" })],
        EnvironmentFiles = [.. files.Select(f => new AgentEnvironmentFile { Value = f, Type = "s3" })],
    }) with { ExecutionRoleCredentials = Keys("exec", "ASIAEXEC") };

    private void GiveParameters() => _plane.Answers["GetParameters"] = body =>
    {
        var names = body["Names"]!.AsArray().Select(n => (string)n!).ToList();
        Assert.InRange(names.Count, 1, 10);
        Assert.True((bool)body["WithDecryption"]!);
        Assert.Contains("Credential=ASIAEXEC/", _plane.SignedBy, StringComparison.Ordinal);
        // A parameter answers by its name, however it was asked for.
        var found = names.Where(n => !n.Contains("missing", StringComparison.Ordinal)).Select(n => (JsonNode)new JsonObject
        {
            ["Name"] = n.Split(":parameter")[^1].Split(':')[0], ["ARN"] = "arn:aws:ssm:us-east-1:123456789012:parameter" + n.Split(":parameter")[^1].Split(':')[0],
            ["Selector"] = n.EndsWith(":3", StringComparison.Ordinal) ? ":3" : null, ["Value"] = "value of " + n,
        });
        var missing = names.Where(n => n.Contains("missing", StringComparison.Ordinal)).Select(n => (JsonNode)n);
        return (200, new JsonObject { ["Parameters"] = new JsonArray([.. found]), ["InvalidParameters"] = new JsonArray([.. missing]) }.ToJsonString());
    };

    private async Task<Dictionary<string, string>> EnvironmentAsync(string task)
    {
        await StateAsync(task, "RUNNING");
        var container = (await _engine.ListAsync(CancellationToken.None)).Single(c => c.TaskArn == TaskBench.Arn(task));
        return _engine.PlanOf(container.Id).Config["Env"]!.AsArray().Select(e => ((string)e!).Split('=', 2)).ToDictionary(e => e[0], e => e[1]);
    }

    private async Task<string?> FailureAsync(string task) => (string?)(await StateAsync(task, "STOPPED"))["reason"];

    [Fact]
    public async Task Secrets_and_environment_files_are_fetched_with_the_execution_role()
    {
        GiveParameters();
        _plane.Objects["/config/web/prod a.env"] = "A=1\nP0=from the file";
        Start();
        var socket = await _plane.ConnectedAsync();
        string[] parameters = [.. Enumerable.Range(0, 11).Select(i => $"/web/{i}"), "arn:aws:ssm:us-east-1:123456789012:parameter/web/deep", "/web/versioned:3"];
        await socket.SendAsync(Payload("m1", 1, Configured("a", parameters, "arn:aws:s3:::config/web/prod a.env")));
        var environment = await EnvironmentAsync("a");
        Assert.Equal(parameters.Select(p => "value of " + p), parameters.Select((_, i) => environment[$"P{i}"]));
        Assert.Equal("1", environment["A"]);
        Assert.Equal(2, _plane.Of("GetParameters").Count());
        Assert.Contains("Credential=ASIAEXEC/", Assert.Single(_plane.ObjectReads).Authorization, StringComparison.Ordinal);
        Assert.Contains("/us-east-1/s3/aws4_request", _plane.ObjectReads.First().Authorization, StringComparison.Ordinal);
        Assert.Contains("x-amz-content-sha256", _plane.ObjectReads.First().Authorization, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_fetched_is_said_in_the_words_that_users_know()
    {
        GiveParameters();
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, Configured("missing", ["/web/there", "/web/missing", "/web/missing2"])));
        Assert.Equal(
            Retrieval + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /web/missing, /web/missing2",
            await FailureAsync("missing"));

        await socket.SendAsync(Payload("m2", 2, Configured("file", [], "arn:aws:s3:::config/none.env")));
        Assert.Equal(
            "ResourceInitializationError: failed to download env files: service call has been retried 1 time(s): NoSuchKey: The specified key does not exist.",
            await FailureAsync("file"));

        await socket.SendAsync(Payload("m3", 3, Configured("role", ["/web/there"]) with { ExecutionRoleCredentials = null }));
        Assert.Equal(Retrieval + "unable to find execution role credentials", await FailureAsync("role"));

        _plane.Answers["GetParameters"] = _ => (400, """{"__type":"AccessDeniedException","message":"User: u is not authorized to perform: ssm:GetParameters"}""");
        await socket.SendAsync(Payload("m4", 4, Configured("denied", ["/web/there"])));
        Assert.Equal(
            Retrieval + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: u is not authorized to perform: ssm:GetParameters",
            await FailureAsync("denied"));
        Assert.Equal(0, _engine.CreateCount);
    }

    [Fact]
    public async Task A_server_that_is_away_for_a_moment_is_asked_again()
    {
        GiveParameters();
        var answer = _plane.Answers["GetParameters"];
        var calls = 0;
        _plane.Answers["GetParameters"] = body => ++calls < 3 ? (503, """{"__type":"ServiceUnavailable"}""") : answer(body);
        Start();
        await (await _plane.ConnectedAsync()).SendAsync(Payload("m1", 1, Configured("a", ["/web/there"])));
        Assert.Equal("value of /web/there", (await EnvironmentAsync("a"))["P0"]);
    }
}
