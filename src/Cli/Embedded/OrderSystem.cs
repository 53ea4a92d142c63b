using System.Text;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Logs;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Wire.Client;
using Longspan.Wire.Json;

namespace Longspan.Cli.Embedded;

/// <summary>
/// Puts the order workload on the cluster with nothing but public AWS calls; a user could type the same ones. Everything is looked
/// for before it is made, so it can be run again at any time and goes on where it was interrupted.
/// </summary>
internal sealed class OrderSystem(AwsClient aws, Home home, string root, EmbeddedRun run)
{
    public const string NodeRole = "longspan-node";
    public const string OrdersQueue = "orders";
    public const string StatusQueue = "orders-status";
    public static readonly string[] Services = ["web", "api", "processor"];
    private const string ExecutionRole = "orders-execution";
    private const int MaximumReceives = 10;
    private const int VisibilitySeconds = 30;

    private string Samples => Path.Combine(root, "samples", "Orders");

    public async Task PrepareAsync(CancellationToken stop)
    {
        await aws.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = Topology.Cluster }, stop);
        await EnsureQueuesAsync(stop);
        await EnsureRoleAsync(NodeRole, "ssm.amazonaws.com", stop);
        await GrantAsync(NodeRole, "node", "node", stop);
        await new CloudNodeKeys(aws, home).EnsureAsync(Filled("policies", "node"), stop);
        await EnsureRoleAsync(ExecutionRole, "ecs-tasks.amazonaws.com", stop);
        await GrantAsync(ExecutionRole, "images-and-logs", "execution", stop);
        foreach (var service in (string[])["api", "processor"])
        {
            await EnsureRoleAsync(TaskRoleOf(service), "ecs-tasks.amazonaws.com", stop);
            await GrantAsync(TaskRoleOf(service), "queues", service, stop);
        }
        foreach (var service in Services)
        {
            await EnsureAsync(EcrOperations.CreateRepository, new() { RepositoryName = $"orders/{service}" }, "RepositoryAlreadyExistsException", stop);
            await EnsureAsync(LogsOperations.CreateLogGroup, new() { LogGroupName = $"/orders/{service}" }, "ResourceAlreadyExistsException", stop);
        }
    }

    /// <summary>Pushes the three images with the ordinary docker client. Layers that the registry has are not sent again.</summary>
    public async Task PushImagesAsync(CancellationToken stop)
    {
        var token = (await aws.CallAsync(EcrOperations.GetAuthorizationToken, new(), stop)).AuthorizationData![0].AuthorizationToken!;
        var password = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split(':', 2)[1];
        Directory.CreateDirectory(home.DockerConfig, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await Tool.RunAsync("docker", ["--config", home.DockerConfig, "login", "-u", "AWS", "--password-stdin", LocalRegistry], stop, input: password);
        foreach (var service in Services)
        {
            var image = ImageOf(LocalRegistry, service);
            await Tool.RunAsync("docker", ["tag", $"orders/{service}:dev", image], stop);
            await Tool.RunAsync("docker", ["--config", home.DockerConfig, "push", "-q", image], stop, TimeSpan.FromMinutes(5));
        }
    }

    /// <summary>Registers what changed and creates or updates the services.</summary>
    public async Task DeployAsync(CancellationToken stop)
    {
        foreach (var service in Services)
        {
            var definition = await EnsureTaskDefinitionAsync(service, stop);
            var described = await aws.CallAsync(EcsOperations.DescribeServices, new() { Cluster = Topology.Cluster, Services = [$"orders-{service}"] }, stop);
            var existing = described.Services?.FirstOrDefault(found => found.Status == "ACTIVE");
            if (existing is null)
            {
                await aws.CallAsync(EcsOperations.CreateService, Template<CreateServiceRequest>("services", service, ("TASK_DEFINITION", definition)), stop);
            }
            else if (existing.TaskDefinition != definition)
            {
                await aws.CallAsync(EcsOperations.UpdateService, new() { Cluster = Topology.Cluster, Service = $"orders-{service}", TaskDefinition = definition }, stop);
            }
        }
    }

    /// <summary>The steady state that <c>aws ecs wait services-stable</c> waits for.</summary>
    public async Task<bool> IsStableAsync(CancellationToken stop)
    {
        var described = await aws.CallAsync(EcsOperations.DescribeServices, new()
        {
            Cluster = Topology.Cluster, Services = [.. Services.Select(service => $"orders-{service}")],
        }, stop);
        return described.Services?.Count == Services.Length
            && described.Services.All(service => service.Deployments?.Count == 1 && service.RunningCount == service.DesiredCount);
    }

    /// <summary>Where the services stand, for the message of a wait that failed.</summary>
    public async Task<string> ExplainAsync(CancellationToken stop)
    {
        var described = await aws.CallAsync(EcsOperations.DescribeServices, new()
        {
            Cluster = Topology.Cluster, Services = [.. Services.Select(service => $"orders-{service}")],
        }, stop);
        return string.Join(Environment.NewLine, (described.Services ?? []).Select(service =>
            $"{service.ServiceName}: {service.RunningCount} of {service.DesiredCount} running. {service.Events?.FirstOrDefault()?.Message}"));
    }

    private static string TaskRoleOf(string service) => $"orders-{service}-task";

    private string LocalRegistry => $"127.0.0.1:{run.Port}";

    private static string ImageOf(string registry, string service) => $"{registry}/orders/{service}:dev";

    // The image is named by its digest, so that a rebuilt image is a new revision and an unchanged one is not.
    private async Task<string> EnsureTaskDefinitionAsync(string service, CancellationToken stop)
    {
        var images = await aws.CallAsync(EcrOperations.DescribeImages, new()
        {
            RepositoryName = $"orders/{service}", ImageIds = [new() { ImageTag = "dev" }],
        }, stop);
        // As the node's own endpoint is named: a node logs in to the server's registry with the task's execution role under that name only.
        var registry = (service == "processor" ? run.PremisesEndpoint : run.CloudEndpoint).Authority;
        var wanted = Template<RegisterTaskDefinitionRequest>("task-definitions", service, ($"{service.ToUpperInvariant()}_IMAGE", $"{registry}/orders/{service}@{images.ImageDetails![0].ImageDigest}"));
        try
        {
            var latest = (await aws.CallAsync(EcsOperations.DescribeTaskDefinition, new() { TaskDefinition = $"orders-{service}" }, stop)).TaskDefinition!;
            if (latest.ContainerDefinitions![0].Image == wanted.ContainerDefinitions![0].Image)
            {
                return latest.TaskDefinitionArn!;
            }
        }
        catch (AwsError absent) when (absent.Code == "ClientException")
        {
            // The first revision.
        }
        return (await aws.CallAsync(EcsOperations.RegisterTaskDefinition, wanted, stop)).TaskDefinition!.TaskDefinitionArn!;
    }

    /// <summary>A request from one of the sample's JSON files, the same that the AWS CLI takes with <c>--cli-input-json</c>.</summary>
    private T Template<T>(string folder, string service, params (string Name, string Value)[] own)
        where T : Shape, new() => JsonShapes.Read<T>(Encoding.UTF8.GetBytes(Filled(folder, service, own)));

    private string Filled(string folder, string service, params (string Name, string Value)[] own)
    {
        (string Name, string Value)[] values =
        [
            .. own,
            ("CLUSTER", Topology.Cluster),
            ("AWS_REGION", Topology.Region),
            ("AWS_ACCOUNT_ID", Topology.AccountId),
            ("API_TASK_ROLE_ARN", RoleArn(TaskRoleOf("api"))),
            ("PROCESSOR_TASK_ROLE_ARN", RoleArn(TaskRoleOf("processor"))),
            ("EXECUTION_ROLE_ARN", RoleArn(ExecutionRole)),
            ("ORDERS_QUEUE_URL", OrdersQueue),
            ("STATUS_QUEUE_URL", StatusQueue),
            ("ORDERS_QUEUE_ARN", QueueArn(OrdersQueue)),
            ("STATUS_QUEUE_ARN", QueueArn(StatusQueue)),
            ("CLOUD_ENDPOINT_URL", run.CloudEndpoint.OriginalString),
            ("ON_PREMISES_ENDPOINT_URL", run.PremisesEndpoint.OriginalString),
            ("ORDERS_API_URL", $"https://{Topology.CloudGateway}:{run.ApiPort}"),
            // Any free port: the server's front door leads the fixed ones to whichever tasks are healthy.
            ("WEB_HOST_PORT", "0"),
            ("API_HOST_PORT", "0"),
            ("CLOUD_NODE_NAME", Topology.CloudNode),
            ("CLOUD_SITE", Topology.CloudSite),
            ("ON_PREMISES_NODE_NAME", Topology.PremisesNode),
            ("ON_PREMISES_SITE", Topology.PremisesSite),
        ];
        var text = File.ReadAllText(Path.Combine(Samples, folder, $"orders-{service}.json"));
        return values.Aggregate(text, (filled, pair) => filled.Replace($"${{{pair.Name}}}", pair.Value, StringComparison.Ordinal));
    }

    private static string RoleArn(string role) => $"arn:aws:iam::{Topology.AccountId}:role/{role}";

    private static string QueueArn(string queue) => $"arn:aws:sqs:{Topology.Region}:{Topology.AccountId}:{queue}";

    private async Task EnsureQueuesAsync(CancellationToken stop)
    {
        await EnsureQueueAsync("orders-dead", [], stop);
        var attributes = new Dictionary<string, string>
        {
            ["VisibilityTimeout"] = $"{VisibilitySeconds}",
            ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{QueueArn("orders-dead")}}","maxReceiveCount":"{{MaximumReceives}}"}""",
        };
        await EnsureQueueAsync(OrdersQueue, attributes, stop);
        await EnsureQueueAsync(StatusQueue, attributes, stop);
    }

    private Task EnsureQueueAsync(string name, Dictionary<string, string> attributes, CancellationToken stop) =>
        aws.CallAsync(SqsOperations.CreateQueue, new() { QueueName = name, Attributes = attributes }, stop);

    /// <summary>Gives the role the sample's policy of that name, and takes away what an earlier build attached.</summary>
    private async Task GrantAsync(string role, string name, string policy, CancellationToken stop)
    {
        await aws.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = role, PolicyName = name, PolicyDocument = Filled("policies", policy) }, stop);
        var attached = await aws.CallAsync(IamOperations.ListAttachedRolePolicies, new() { RoleName = role }, stop);
        foreach (var former in attached.AttachedPolicies ?? [])
        {
            await aws.CallAsync(IamOperations.DetachRolePolicy, new() { RoleName = role, PolicyArn = former.PolicyArn }, stop);
        }
    }

    private Task EnsureRoleAsync(string name, string service, CancellationToken stop) => EnsureAsync(IamOperations.CreateRole, new()
    {
        RoleName = name,
        AssumeRolePolicyDocument = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"{{service}}"},"Action":"sts:AssumeRole"}]}""",
    }, "EntityAlreadyExists", stop);

    private async Task EnsureAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, string alreadyThere, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        try
        {
            await aws.CallAsync(operation, request, stop);
        }
        catch (AwsError exists) when (exists.Code == alreadyThere)
        {
            // Made by an earlier run.
        }
    }
}
