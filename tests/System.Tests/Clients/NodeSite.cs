using System.Security.Cryptography;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.System.Tests.Node;
using Longspan.Wire.Client;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Needs root, a Docker engine, skopeo and an AWS command line; without one of them it is skipped and says which.</summary>
internal sealed class NodeSiteFactAttribute : FactAttribute
{
    public NodeSiteFactAttribute() => Skip = NodeSite.Obstacle;
}

/// <summary>
/// A server and a node of cloud capacity, both as processes, on the machine's Docker engine with a network of their own. The image of
/// their tasks comes out of the server's own registry. Everything is removed at the end.
/// </summary>
public sealed class NodeSite : IAsyncLifetime
{
    public const string Cluster = "system";
    public const string TaskRole = "system-task";
    private readonly string _folder = Directory.CreateTempSubdirectory("node-site").FullName;
    private readonly List<string> _nodes = [];

    internal static string? Obstacle => Environment.IsPrivilegedProcess
        ? DockerForTests.Obstacle.Value ?? Tool.Missing("skopeo") ?? Tool.Missing("aws")
        : "a node needs root for its containers' credentials address";

    internal string Name { get; } = $"lsp{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    internal ServerProcess Server { get; private set; } = null!;
    internal OwnProcess Node { get; private set; } = null!;
    internal AwsClient Client => Server.Client;
    internal AwsCli Cli => new(Tool.Find("aws").First(), Server.Endpoint, Server.Keys);
    internal string StateFolder => Path.Combine(_folder, Name);
    internal string Image => $"127.0.0.1:{Server.Port}/system/busybox:1";

    public async Task InitializeAsync()
    {
        if (Obstacle is not null)
        {
            return;
        }
        (await Tool.RunAsync("docker", ["network", "create", Name])).Succeeded();
        Server = await ServerProcess.StartAsync();
        await Client.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = Cluster }, CancellationToken.None);
        await Client.CallAsync(IamOperations.CreateRole, new() { RoleName = TaskRole, AssumeRolePolicyDocument = Trust("ecs-tasks") }, CancellationToken.None);
        await Client.CallAsync(EcrOperations.CreateRepository, new() { RepositoryName = "system/busybox" }, CancellationToken.None);
        var password = (await Cli.TextAsync("ecr", "get-login-password")).Trim();
        (await Tool.RunAsync("skopeo", [
            "copy", "--dest-tls-verify=false", "--dest-creds", $"AWS:{password}", $"docker-daemon:{DockerForTests.Image}", $"docker://{Image}"])).Succeeded();
        await StartNodeAsync();
    }

    /// <summary>What AWS gives its machines, which is enough for ours.</summary>
    internal static async Task LetBeNodeAsync(AwsClient client, string role)
    {
        foreach (var policy in (string[])["service-role/AmazonEC2ContainerServiceforEC2Role", "AmazonSSMManagedInstanceCore"])
        {
            await client.CallAsync(IamOperations.AttachRolePolicy, new() { RoleName = role, PolicyArn = $"arn:aws:iam::aws:policy/{policy}" }, CancellationToken.None);
        }
    }

    internal static string Trust(string service) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"{{service}}.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";

    /// <summary>The cloud node; again with the same name and folder after it was stopped.</summary>
    internal async Task StartNodeAsync()
    {
        Node = StartNode(Name, "--credentials", Server.CredentialsFile, "--attribute", "site=cloud", "--attribute", "longspan.capacity=fargate");
        await ConnectedAsync(Node, 1);
    }

    internal OwnProcess StartNode(string name, params string[] own)
    {
        _nodes.Add(name);
        return OwnProcess.Start([
            "node", "--name", name, "--endpoint", Server.Endpoint.ToString(), "--region", LiveServer.Region, "--cluster", Cluster,
            "--state", Path.Combine(_folder, name), "--network", Name, "--publish-address", "127.0.0.1", "--cpu", "4096", "--memory", "8192", .. own]);
    }

    /// <summary>This many machines of the cluster have a live connection.</summary>
    internal Task ConnectedAsync(OwnProcess node, int count) => Until.TrueAsync($"{count} connected instances", async () =>
    {
        if (node.HasEnded)
        {
            throw new InvalidOperationException($"The node ended: {node.Said}");
        }
        var listed = (await Client.CallAsync(EcsOperations.ListContainerInstances, new() { Cluster = Cluster }, CancellationToken.None)).ContainerInstanceArns!;
        var instances = listed.Count == 0 ? [] : (await Client.CallAsync(
            EcsOperations.DescribeContainerInstances, new() { Cluster = Cluster, ContainerInstances = listed }, CancellationToken.None)).ContainerInstances!;
        return instances.Count(instance => instance.AgentConnected == true) == count;
    });

    /// <summary>Registers a definition of one container that runs this script.</summary>
    internal async Task<string> DefineAsync(string family, string script, string launchType = "FARGATE", string? role = null, string? logGroup = null, string? image = null) =>
        (await Client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = family, RequiresCompatibilities = [launchType], NetworkMode = "bridge", Cpu = "256", Memory = "512",
            TaskRoleArn = role is null ? null : $"arn:aws:iam::{LiveServer.Account}:role/{role}",
            ContainerDefinitions =
            [
                new()
                {
                    Name = "main", Image = image ?? Image, Essential = true, Memory = 32, StopTimeout = 2, Command = ["sh", "-c", script],
                    LogConfiguration = logGroup is null ? null : new()
                    {
                        LogDriver = "awslogs", Options = new() { ["awslogs-group"] = logGroup, ["awslogs-region"] = LiveServer.Region, ["awslogs-stream-prefix"] = "s" },
                    },
                },
            ],
        }, CancellationToken.None)).TaskDefinition!.TaskDefinitionArn!;

    internal async Task<EcsTask> TaskAsync(string arn) =>
        (await Client.CallAsync(EcsOperations.DescribeTasks, new() { Cluster = Cluster, Tasks = [arn] }, CancellationToken.None)).Tasks!.Single();

    internal Task<EcsTask> TaskAsync(string arn, string status) => Until.FoundAsync($"{arn} is {status}", async () =>
    {
        var task = await TaskAsync(arn);
        return task.LastStatus == status ? task
            : task.LastStatus == "STOPPED" ? throw new InvalidOperationException($"{arn} stopped: {task.StoppedReason} {task.Containers?[0].Reason}") : null;
    });

    internal async Task<string[]> RunningAsync(string service) =>
        [.. (await Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = Cluster, ServiceName = service }, CancellationToken.None)).TaskArns!];

    /// <summary>The engine's containers of this task definition family that run, by id.</summary>
    internal static async Task<string[]> ContainersAsync(string family)
    {
        var listed = (await Tool.RunAsync("docker", ["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"])).Succeeded();
        return [.. listed.Split('\n').Where(line => line.Contains($"ecs-{family}-", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]).Order()];
    }

    public async Task DisposeAsync()
    {
        if (Obstacle is not null)
        {
            return;
        }
        await Node.DisposeAsync();
        foreach (var name in _nodes)
        {
            var left = (await Tool.RunAsync("docker", ["ps", "-aq", "--filter", $"label=longspan.node={name}"])).Succeeded();
            foreach (var container in left.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await Tool.RunAsync("docker", ["rm", "--force", "--volumes", container]);
            }
        }
        await Tool.RunAsync("docker", ["image", "rm", "--force", Image]);
        await Tool.RunAsync("docker", ["network", "rm", Name]);
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
