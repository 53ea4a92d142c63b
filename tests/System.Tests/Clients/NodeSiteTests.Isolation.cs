using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Xunit;

namespace Longspan.System.Tests.Clients;

// What a program in one task's container can find out about another task on the same node.
public sealed partial class NodeSiteTests
{
    [NodeSiteFact]
    public async Task A_container_gets_its_own_tasks_credentials_and_nothing_of_another_task()
    {
        const string OtherRole = "system-intruder";
        await site.Client.CallAsync(IamOperations.CreateRole, new() { RoleName = OtherRole, AssumeRolePolicyDocument = NodeSite.Trust("ecs-tasks") }, CancellationToken.None);
        var (victimTask, victim) = await ContainerAsync($"{site.Name}-victim", NodeSite.TaskRole);
        var (_, intruder) = await ContainerAsync($"{site.Name}-intruder", OtherRole);

        // Nobody outside of the victim's container knows this path; from inside, it leads to its own role.
        var path = (await ShellAsync(victim, "echo $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")).Output.Trim();
        var metadata = (await ShellAsync(victim, "echo $ECS_CONTAINER_METADATA_URI_V4")).Output.Trim();
        Assert.Matches("^/v2/credentials/[0-9a-f-]{36}$", path);
        Assert.EndsWith($"role/{NodeSite.TaskRole}", await RoleAsync(victim), StringComparison.Ordinal);
        Assert.EndsWith($"role/{OtherRole}", await RoleAsync(intruder), StringComparison.Ordinal);

        // Everything about the victim that can be had without asking it: ARN and id of the task, id and name of the container, role, definition.
        var port = (await File.ReadAllTextAsync(Path.Combine(site.StateFolder, "metadata-port"))).Trim();
        var gateway = (await Tool.RunAsync("docker", ["network", "inspect", site.Name, "--format", "{{(index .IPAM.Config 0).Gateway}}"])).Succeeded().Trim();
        var name = (await Tool.RunAsync("docker", ["inspect", victim, "--format", "{{.Name}}"])).Succeeded().Trim().TrimStart('/');
        string[] guesses =
        [
            "", "*", "..", "%2e%2e", "0", new Guid().ToString(), victimTask.TaskArn!, victimTask.TaskArn!.Split('/')[^1], victim, victim[..12], name,
            NodeSite.TaskRole, $"arn:aws:iam::{LiveServer.Account}:role/{NodeSite.TaskRole}", victimTask.TaskDefinitionArn!.Split('/')[^1], path[^4..], path[..^1].Split('/')[^1],
        ];
        string[] hosts = ["http://169.254.170.2", $"http://{gateway}:{port}"];
        var tries = hosts.SelectMany(host => guesses.SelectMany(guess => (string[])
        [
            $"{host}/v2/credentials/{guess}", $"{host}/v1/credentials?id={guess}", $"{host}/v3/{guess}", $"{host}/v4/{guess}", $"{host}/v4/{guess}/task",
        ]).Concat([host, $"{host}/v1/tasks", $"{host}/v1/metadata", $"{host}/latest/meta-data/iam/security-credentials/"])).Append($"http://{gateway}:51678/v1/tasks").ToArray();
        var seen = await ShellAsync(intruder, $"for u in {string.Join(' ', tries.Select(url => $"'{url}'"))}; do wget -q -O - \"$u\" && echo \" from $u\"; done");
        Assert.Equal("", seen.Output);
        Assert.Contains("400 Bad Request", seen.Error, StringComparison.Ordinal);
        // Each of these failed for want of the id and not of a way: it is all that is asked for, as on Amazon's agent.
        foreach (var host in hosts)
        {
            Assert.Contains($"role/{NodeSite.TaskRole}", (await ShellAsync(intruder, $"wget -q -O - {host}{path}")).Succeeded(), StringComparison.Ordinal);
        }

        // What it is told about itself names no other task; nor does its own environment.
        var own = await ShellAsync(intruder, "for u in '' /task /taskWithTags /stats /task/stats; do wget -q -O - $ECS_CONTAINER_METADATA_URI_V4$u; done; env");
        Assert.Contains($"{site.Name}-intruder", own.Output, StringComparison.Ordinal);
        Assert.All((string[])[victimTask.TaskArn!.Split('/')[^1], victim, path.Split('/')[^1], metadata.Split('/')[^1], NodeSite.TaskRole],
            word => Assert.DoesNotContain(word, own.Output, StringComparison.Ordinal));

        foreach (var family in (string[])["victim", "intruder"])
        {
            foreach (var arn in (await site.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = NodeSite.Cluster, Family = $"{site.Name}-{family}" }, CancellationToken.None)).TaskArns!)
            {
                await site.Client.CallAsync(EcsOperations.StopTask, new() { Cluster = NodeSite.Cluster, Task = arn }, CancellationToken.None);
            }
        }
    }

    private async Task<(EcsTask Task, string Container)> ContainerAsync(string family, string role)
    {
        var definition = await site.DefineAsync(family, Sleep, role: role);
        var run = await site.Client.CallAsync(EcsOperations.RunTask, new() { Cluster = NodeSite.Cluster, TaskDefinition = definition, LaunchType = "FARGATE" }, CancellationToken.None);
        return (await site.TaskAsync(run.Tasks!.Single().TaskArn!, "RUNNING"), Assert.Single(await NodeSite.ContainersAsync(family)));
    }

    private static async Task<string> RoleAsync(string container) =>
        (string)JsonNode.Parse((await ShellAsync(container, "wget -q -O - http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")).Succeeded())!["RoleArn"]!;

    private static Task<ToolResult> ShellAsync(string container, string script) => Tool.RunAsync("docker", ["exec", container, "sh", "-c", script]);
}
