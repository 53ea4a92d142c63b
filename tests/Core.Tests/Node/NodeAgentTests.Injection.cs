using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Node;
using Longspan.Node.Engines;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed partial class NodeAgentTests
{
    private const string Retrieval = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ";

    private static AgentTask Configured(string id, string[] parameters, params string[] files) => TaskBench.Task(id, ConfiguredContainer(parameters, files)) with
    {
        ExecutionRoleCredentials = Keys("exec", "ASIAEXEC"),
    };

    private static AgentContainer ConfiguredContainer(string[] parameters, string[] files) => new()
    {
        Name = "main", Image = "app", Essential = true, Memory = 64,
        Secrets = [.. parameters.Select((p, i) => new AgentSecret { Name = $"P{i}", ValueFrom = p, Provider = "ssm", Region = "us-east-1", Target = "CONTAINER" })],
        EnvironmentFiles = [.. files.Select(f => new AgentEnvironmentFile { Value = f, Type = "s3" })],
    };

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

    private const string Db = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

    private static AgentTask WithSecrets(string id, params string[] valuesFrom)
    {
        var task = Configured(id, valuesFrom);
        return task with
        {
            Containers = [task.Containers![0] with { Secrets = [.. task.Containers[0].Secrets!.Select(s => s with { Provider = "asm", Region = "eu-west-1" })] }],
        };
    }

    [Fact]
    public async Task Secrets_of_Secrets_Manager_come_by_key_stage_and_version()
    {
        _plane.Answers["GetSecretValue"] = body =>
        {
            Assert.Contains("/eu-west-1/secretsmanager/aws4_request", _plane.SignedBy, StringComparison.Ordinal);
            return (string?)body["SecretId"] != Db ? (400, """{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."}""")
                : (200, new JsonObject
                {
                    ["SecretString"] = $$"""{"user":"orders {{body["VersionStage"]}}{{body["VersionId"]}}","port":5432}""",
                }.ToJsonString());
        };
        Start();
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload("m1", 1, WithSecrets("a", Db, Db + ":user::", Db + ":port::", Db + ":user:AWSPREVIOUS:", Db + ":user::EXAMPLE1")));
        var environment = await EnvironmentAsync("a");
        Assert.Equal(
            ["{\"user\":\"orders \",\"port\":5432}", "orders ", "5432", "orders AWSPREVIOUS", "orders EXAMPLE1"],
            Enumerable.Range(0, 5).Select(i => environment[$"P{i}"]));
        Assert.Equal(3, _plane.Of("GetSecretValue").Count());

        await socket.SendAsync(Payload("m2", 2, WithSecrets("key", Db + ":password::")));
        Assert.Equal(Retrieval + "unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key password", await FailureAsync("key"));
        await socket.SendAsync(Payload("m3", 3, WithSecrets("none", Db + "x")));
        Assert.Equal(
            Retrieval + $"unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {Db}x from secrets manager: "
            + "ResourceNotFoundException: Secrets Manager can't find the specified secret.", await FailureAsync("none"));
    }

    [Fact]
    public async Task A_foreign_registrys_login_comes_from_a_secret()
    {
        _plane.Answers["GetSecretValue"] = body => (string?)body["SecretId"] == "registry"
            ? (200, """{"SecretString":"{\"username\":\"u\",\"password\":\"p\"}"}""")
            : (400, """{"__type":"com.amazonaws#AccessDeniedException","message":"no"}""");
        Start(Settings with { PullBehavior = PullBehavior.Always });
        var socket = await _plane.ConnectedAsync();
        AgentTask Of(string id, string secret)
        {
            var task = Configured(id, []);
            return task with
            {
                Containers = [task.Containers![0] with
                {
                    Image = $"registry.example.com/{id}",
                    RegistryAuthentication = new AgentRegistryAuthentication { Type = "asm", AsmAuthData = new AgentAsmAuth { CredentialsParameter = secret } },
                }],
            };
        }
        await socket.SendAsync(Payload("m1", 1, Of("a", "registry")));
        await StateAsync("a", "RUNNING");
        Assert.Equal(new RegistryLogin("registry.example.com", "u", "p"), _engine.LastLogin);
        await socket.SendAsync(Payload("m2", 2, Of("b", "other")));
        Assert.Equal(
            Retrieval + "unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for other: AccessDeniedException: no",
            (string?)(await StateAsync("b", "STOPPED"))["containers"]![0]!["reason"]);
    }
}
