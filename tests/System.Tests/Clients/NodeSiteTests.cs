using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Logs;
using Longspan.Api.Ssm;
using Longspan.Api.Sts;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Tasks and services on real containers, driven by Amazon's command line.</summary>
public sealed partial class NodeSiteTests(NodeSite site) : IClassFixture<NodeSite>
{
    private const string Sleep = "trap 'exit 0' TERM; while true; do sleep 0.2; done";
    // The address that AWS SDKs accept credentials from, and the variable in which they look for the path.
    private const string AskForCredentials = "wget -q -O - http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; echo; ";

    [NodeSiteFact]
    public async Task A_task_runs_has_its_role_logs_and_stops()
    {
        await site.Client.CallAsync(LogsOperations.CreateLogGroup, new() { LogGroupName = "/system/one" }, CancellationToken.None);
        var definition = await site.DefineAsync($"{site.Name}-one", $"echo started; {AskForCredentials}{Sleep}", role: NodeSite.TaskRole, logGroup: "/system/one");
        var run = await site.Cli.JsonAsync("ecs", "run-task", "--cluster", NodeSite.Cluster, "--task-definition", definition, "--launch-type", "FARGATE");
        Assert.Empty(run["failures"]!.AsArray());
        var arn = (string)run["tasks"]![0]!["taskArn"]!;
        await site.Cli.TextAsync("ecs", "wait", "tasks-running", "--cluster", NodeSite.Cluster, "--tasks", arn);
        Assert.Equal("RUNNING", (await site.TaskAsync(arn)).LastStatus);

        var lines = await Until.FoundAsync("two lines of output in the log service", async () =>
        {
            var events = (await site.Client.CallAsync(LogsOperations.FilterLogEvents, new() { LogGroupName = "/system/one" }, CancellationToken.None)).Events;
            return events is { Count: >= 2 } ? events : null;
        });
        Assert.Equal("started", lines[0].Message);
        Assert.Equal($"s/main/{arn.Split('/')[^1]}", lines[0].LogStreamName);
        var keys = JsonNode.Parse(lines[1].Message!)!;
        var inside = new AwsCli(Tool.Find("aws").First(), site.Server.Endpoint, new AwsCredentials((string)keys["AccessKeyId"]!, (string)keys["SecretAccessKey"]!, (string)keys["Token"]!));
        var identity = await inside.JsonAsync("sts", "get-caller-identity");
        Assert.Equal($"arn:aws:sts::{LiveServer.Account}:assumed-role/{NodeSite.TaskRole}/{arn.Split('/')[^1]}", (string?)identity["Arn"]);

        await site.Cli.TextAsync("ecs", "stop-task", "--cluster", NodeSite.Cluster, "--task", arn, "--reason", "seen enough");
        await site.Cli.TextAsync("ecs", "wait", "tasks-stopped", "--cluster", NodeSite.Cluster, "--tasks", arn);
        var stopped = await site.TaskAsync(arn);
        Assert.Equal(("STOPPED", "seen enough", 0), (stopped.LastStatus, stopped.StoppedReason, stopped.Containers![0].ExitCode));
        Assert.Empty(await NodeSite.ContainersAsync($"{site.Name}-one"));
    }

    [NodeSiteFact]
    public async Task A_killed_container_of_a_service_is_replaced()
    {
        var family = $"{site.Name}-two";
        await site.DefineAsync(family, Sleep);
        await site.Cli.TextAsync(
            "ecs", "create-service", "--cluster", NodeSite.Cluster, "--service-name", "two", "--task-definition", family, "--desired-count", "2", "--launch-type", "FARGATE");
        await site.Cli.TextAsync("ecs", "wait", "services-stable", "--cluster", NodeSite.Cluster, "--services", "two");
        var before = await NodeSite.ContainersAsync(family);
        Assert.Equal(2, before.Length);

        (await Tool.RunAsync("docker", ["kill", before[0]])).Succeeded();
        await Until.TrueAsync("two containers again, one of them new", async () =>
            await NodeSite.ContainersAsync(family) is { Length: 2 } now && now.Contains(before[1]) && !now.Contains(before[0]));
        await site.Cli.TextAsync("ecs", "wait", "services-stable", "--cluster", NodeSite.Cluster, "--services", "two");
        var stopped = await site.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = NodeSite.Cluster, Family = family, DesiredStatus = "STOPPED" }, CancellationToken.None);
        Assert.Equal(137, (await site.TaskAsync(stopped.TaskArns!.Single())).Containers![0].ExitCode);

        await site.Client.CallAsync(EcsOperations.UpdateService, new() { Cluster = NodeSite.Cluster, Service = "two", DesiredCount = 0 }, CancellationToken.None);
        await Until.TrueAsync("no container is left", async () => (await NodeSite.ContainersAsync(family)).Length == 0);
        await site.Cli.TextAsync("ecs", "delete-service", "--cluster", NodeSite.Cluster, "--service", "two");
    }

    [NodeSiteFact]
    public async Task Containers_outlive_restarts_of_node_and_server()
    {
        var family = $"{site.Name}-stay";
        await site.DefineAsync(family, Sleep);
        await site.Client.CallAsync(EcsOperations.CreateService, new()
        {
            Cluster = NodeSite.Cluster, ServiceName = "stay", TaskDefinition = family, DesiredCount = 2, LaunchType = "FARGATE",
        }, CancellationToken.None);
        await StableAsync("stay", 2);
        var (containers, tasks) = (await NodeSite.ContainersAsync(family), (await site.RunningAsync("stay")).Order().ToArray());
        Assert.Equal((2, 2), (containers.Length, tasks.Length));

        Assert.Equal(0, await site.Node.StopAsync());
        Assert.Equal(containers, await NodeSite.ContainersAsync(family));
        await site.StartNodeAsync();
        await site.Node.KillAsync();
        await site.StartNodeAsync();
        Assert.Equal(containers, await NodeSite.ContainersAsync(family));

        await site.Server.Process.KillAsync();
        Assert.Equal(containers, await NodeSite.ContainersAsync(family));
        await site.Server.StartAgainAsync();
        await site.ConnectedAsync(site.Node, 1);
        // The link works again: a task makes the whole way. Nothing was replaced meanwhile.
        var run = await site.Client.CallAsync(EcsOperations.RunTask, new() { Cluster = NodeSite.Cluster, TaskDefinition = family, LaunchType = "FARGATE" }, CancellationToken.None);
        await site.TaskAsync(run.Tasks!.Single().TaskArn!, "RUNNING");
        await site.Client.CallAsync(EcsOperations.StopTask, new() { Cluster = NodeSite.Cluster, Task = run.Tasks!.Single().TaskArn }, CancellationToken.None);
        Assert.Equal(tasks, (await site.RunningAsync("stay")).Order());
        Assert.Empty(containers.Except(await NodeSite.ContainersAsync(family)));

        await site.Client.CallAsync(EcsOperations.DeleteService, new() { Cluster = NodeSite.Cluster, Service = "stay", Force = true }, CancellationToken.None);
        await Until.TrueAsync("no container is left", async () => (await NodeSite.ContainersAsync(family)).Length == 0);
    }

    [NodeSiteFact]
    public async Task A_failing_image_does_not_take_the_old_version_down_and_a_good_one_rolls_out()
    {
        var family = $"{site.Name}-roll";
        await site.DefineAsync(family, Sleep);
        await site.Client.CallAsync(EcsOperations.CreateService, new()
        {
            Cluster = NodeSite.Cluster, ServiceName = "roll", TaskDefinition = family, DesiredCount = 1, LaunchType = "FARGATE",
        }, CancellationToken.None);
        await StableAsync("roll", 1);
        var old = await NodeSite.ContainersAsync(family);

        var bad = await site.DefineAsync(family, Sleep, image: site.Image + "-missing");
        await site.Cli.TextAsync("ecs", "update-service", "--cluster", NodeSite.Cluster, "--service", "roll", "--task-definition", bad);
        await Until.TrueAsync("the new deployment has failed at least twice", async () => (await ServiceAsync("roll")).Deployments!.Any(d => d.TaskDefinition == bad && d.FailedTasks >= 2));
        Assert.Equal(old, await NodeSite.ContainersAsync(family));
        var stopped = await site.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = NodeSite.Cluster, Family = family, DesiredStatus = "STOPPED" }, CancellationToken.None);
        Assert.Contains("CannotPullContainerError", (await site.TaskAsync(stopped.TaskArns![0])).Containers![0].Reason, StringComparison.Ordinal);

        var next = await site.DefineAsync(family, Sleep);
        await site.Cli.TextAsync("ecs", "update-service", "--cluster", NodeSite.Cluster, "--service", "roll", "--task-definition", next);
        await site.Cli.TextAsync("ecs", "wait", "services-stable", "--cluster", NodeSite.Cluster, "--services", "roll");
        Assert.Equal(next, (await site.TaskAsync((await site.RunningAsync("roll")).Single())).TaskDefinitionArn);
        await Until.TrueAsync("the old container has stopped", async () => !(await NodeSite.ContainersAsync(family)).Intersect(old).Any());
        await site.Client.CallAsync(EcsOperations.DeleteService, new() { Cluster = NodeSite.Cluster, Service = "roll", Force = true }, CancellationToken.None);
    }

    private async Task<Service> ServiceAsync(string name) =>
        (await site.Client.CallAsync(EcsOperations.DescribeServices, new() { Cluster = NodeSite.Cluster, Services = [name] }, CancellationToken.None)).Services!.Single();

    private Task StableAsync(string service, int count) => Until.TrueAsync($"{service} runs {count} tasks", async () =>
        await ServiceAsync(service) is { Deployments.Count: 1 } found && found.RunningCount == count);

    [NodeSiteFact]
    public async Task An_external_machine_joins_with_an_activation_and_runs_tasks()
    {
        await site.Client.CallAsync(IamOperations.CreateRole, new() { RoleName = "system-node", AssumeRolePolicyDocument = NodeSite.Trust("ssm") }, CancellationToken.None);
        await NodeSite.LetBeNodeAsync(site.Client, "system-node");
        var activation = await site.Cli.JsonAsync("ssm", "create-activation", "--iam-role", "system-node", "--default-instance-name", "shop-1");
        var (id, code) = ((string)activation["ActivationId"]!, (string)activation["ActivationCode"]!);
        await using (var node = site.StartNode($"{site.Name}-ext", "--activation-id", id, "--activation-code", code, "--attribute", "site=shop"))
        {
            await site.ConnectedAsync(node, 2);
            var machine = (await site.Cli.JsonAsync("ssm", "describe-instance-information"))["InstanceInformationList"]!.AsArray().Single()!;
            Assert.Equal((id, "Online"), ((string?)machine["ActivationId"], (string?)machine["PingStatus"]));
            Assert.StartsWith("mi-", (string?)machine["InstanceId"], StringComparison.Ordinal);

            var definition = await site.DefineAsync($"{site.Name}-ext", "exit 7", "EXTERNAL");
            var run = await site.Cli.JsonAsync("ecs", "run-task", "--cluster", NodeSite.Cluster, "--task-definition", definition, "--launch-type", "EXTERNAL");
            var arn = (string)run["tasks"]![0]!["taskArn"]!;
            var stopped = await site.TaskAsync(arn, "STOPPED");
            Assert.Equal((7, "Essential container in task exited"), (stopped.Containers![0].ExitCode, stopped.StoppedReason));
            Assert.Equal(0, await node.StopAsync());
        }
        // The activation was for one machine, and it is used up.
        await using var second = site.StartNode($"{site.Name}-ext2", "--activation-id", id, "--activation-code", code);
        Assert.Equal(5, await second.EndsAsync());
    }

    [NodeSiteFact]
    public async Task A_bad_activation_code_is_told_and_ends_the_node_for_good()
    {
        await site.Client.CallAsync(IamOperations.CreateRole, new() { RoleName = "system-bad", AssumeRolePolicyDocument = NodeSite.Trust("ssm") }, CancellationToken.None);
        var activation = await site.Client.CallAsync(SsmOperations.CreateActivation, new() { IamRole = "system-bad" }, CancellationToken.None);
        await using var node = site.StartNode($"{site.Name}-bad", "--activation-id", activation.ActivationId!, "--activation-code", "AAAAAAAAAAAAAAAAAAAA");
        Assert.Equal(5, await node.EndsAsync());
        Assert.Contains("activation", node.Said, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", node.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("AAAAAAAAAAAAAAAAAAAA", node.Said, StringComparison.Ordinal);
    }
}
