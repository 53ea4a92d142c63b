using System.Text;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified, on a cluster without machines and on repositories.</summary>
public sealed class AwsCliEcsTests(LiveServer server) : IClassFixture<LiveServer>
{
    private const string Definition = """
        {"family":"FAMILY","requiresCompatibilities":["FARGATE"],"networkMode":"awsvpc","cpu":"256","memory":"512",
         "containerDefinitions":[{"name":"web","image":"web:1","essential":true,"portMappings":[{"containerPort":8080}],
           "environment":[{"name":"A","value":"b"}],"healthCheck":{"command":["CMD","true"]},"dockerLabels":{"team":"orders"}}],
         "tags":[{"key":"team","value":"orders"}]}
        """;

    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AwsCli Cli(string program) => new(program, server.Endpoint, server.Keys);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Clusters_and_task_definitions_are_kept_as_given(string program)
    {
        var cli = Cli(program);
        var cluster = (await cli.JsonAsync("ecs", "create-cluster", "--cluster-name", _own))["cluster"]!;
        Assert.Equal(($"arn:aws:ecs:us-east-1:{LiveServer.Account}:cluster/{_own}", "ACTIVE"), ((string?)cluster["clusterArn"], (string?)cluster["status"]));
        var registered = await cli.JsonAsync("ecs", "register-task-definition", "--cli-input-json", Definition.Replace("FAMILY", _own, StringComparison.Ordinal));
        Assert.Equal(1, (int)registered["taskDefinition"]!["revision"]!);
        var described = await cli.JsonAsync("ecs", "describe-task-definition", "--task-definition", _own, "--include", "TAGS");
        var container = described["taskDefinition"]!["containerDefinitions"]![0]!;
        Assert.Equal(("b", "true", "orders"), ((string?)container["environment"]![0]!["value"], (string?)container["healthCheck"]!["command"]![1], (string?)container["dockerLabels"]!["team"]));
        Assert.Equal("orders", (string?)described["tags"]![0]!["value"]);
        await cli.JsonAsync("ecs", "register-task-definition", "--cli-input-json", Definition.Replace("FAMILY", _own, StringComparison.Ordinal));
        var listed = await cli.JsonAsync("ecs", "list-task-definitions", "--family-prefix", _own, "--max-items", "1");
        Assert.Single(listed["taskDefinitionArns"]!.AsArray());
        Assert.NotNull(listed["NextToken"]);
        Assert.Equal("INACTIVE", (string?)(await cli.JsonAsync("ecs", "deregister-task-definition", "--task-definition", $"{_own}:1"))["taskDefinition"]!["status"]);
        Assert.Contains((await cli.JsonAsync("ecs", "list-clusters"))["clusterArns"]!.AsArray(), arn => ((string?)arn)!.EndsWith($"/{_own}", StringComparison.Ordinal));
        Assert.Contains("Unable to describe task definition", await cli.RefusalAsync("ecs", "describe-task-definition", "--task-definition", $"{_own}-no"), StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Without_machines_tasks_are_refused_and_waiters_still_end(string program)
    {
        var cli = Cli(program);
        await cli.TextAsync("ecs", "create-cluster", "--cluster-name", _own);
        await cli.TextAsync(
            "ecs", "register-task-definition", "--family", _own, "--requires-compatibilities", "EXTERNAL",
            "--container-definitions", """[{"name":"web","image":"web:1","memory":64}]""");
        var refused = await cli.RefusalAsync("ecs", "run-task", "--cluster", _own, "--task-definition", _own, "--launch-type", "EXTERNAL");
        Assert.Contains("No Container Instances were found in your cluster.", refused, StringComparison.Ordinal);
        var missing = await cli.JsonAsync("ecs", "describe-tasks", "--cluster", _own, "--tasks", "0123456789abcdef0123456789abcdef");
        Assert.Equal("MISSING", (string?)missing["failures"]![0]!["reason"]);
        Assert.Contains("ClusterNotFoundException", await cli.RefusalAsync("ecs", "list-tasks", "--cluster", $"{_own}-no"), StringComparison.Ordinal);

        var service = await cli.JsonAsync(
            "ecs", "create-service", "--cluster", _own, "--service-name", "idle", "--task-definition", _own, "--desired-count", "0", "--launch-type", "EXTERNAL");
        Assert.Equal($"arn:aws:ecs:us-east-1:{LiveServer.Account}:service/{_own}/idle", (string?)service["service"]!["serviceArn"]);
        await cli.TextAsync("ecs", "wait", "services-stable", "--cluster", _own, "--services", "idle");
        await cli.TextAsync("ecs", "delete-service", "--cluster", _own, "--service", "idle");
        await cli.TextAsync("ecs", "wait", "services-inactive", "--cluster", _own, "--services", "idle");
        await cli.TextAsync("ecs", "delete-cluster", "--cluster", _own);
        Assert.Equal("INACTIVE", (string?)(await cli.JsonAsync("ecs", "describe-clusters", "--clusters", _own))["clusters"]![0]!["status"]);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Ecr_makes_repositories_and_hands_out_passwords(string program)
    {
        var cli = Cli(program);
        var made = (await cli.JsonAsync("ecr", "create-repository", "--repository-name", $"shop/{_own}"))["repository"]!;
        Assert.Equal($"{server.Registry}/shop/{_own}", (string?)made["repositoryUri"]);
        var password = (await cli.TextAsync("ecr", "get-login-password")).Trim();
        using var ask = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Endpoint, "/v2/"));
        ask.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"AWS:{password}")));
        using var answer = await server.Http.SendAsync(ask);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Empty((await cli.JsonAsync("ecr", "describe-images", "--repository-name", $"shop/{_own}"))["imageDetails"]!.AsArray());
        Assert.Contains("ImageNotFoundException", await cli.RefusalAsync("ecr", "describe-images", "--repository-name", $"shop/{_own}", "--image-ids", "imageTag=no"), StringComparison.Ordinal);
        Assert.Contains("RepositoryAlreadyExistsException", await cli.RefusalAsync("ecr", "create-repository", "--repository-name", $"shop/{_own}"), StringComparison.Ordinal);
        await cli.TextAsync("ecr", "delete-repository", "--repository-name", $"shop/{_own}");
        Assert.Contains("RepositoryNotFoundException", await cli.RefusalAsync("ecr", "list-images", "--repository-name", $"shop/{_own}"), StringComparison.Ordinal);
    }
}
