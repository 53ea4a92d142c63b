using System.Text;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
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
    public const string TaskRole = "orders-task";
    public const string NodeRole = "longspan-node";
    public const string OrdersQueue = "orders";
    public const string StatusQueue = "orders-status";
    public static readonly string[] Services = ["web", "api", "processor"];
    private const int MaximumReceives = 10;

    private string Samples => Path.Combine(root, "samples", "Orders");

    public async Task PrepareAsync(CancellationToken stop)
    {
        await aws.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = Topology.Cluster }, stop);
        await EnsureRoleAsync(NodeRole, "ssm.amazonaws.com", "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", stop);
        await EnsureRoleAsync(NodeRole, "ssm.amazonaws.com", "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role", stop);
        await EnsureRoleAsync(TaskRole, "ecs-tasks.amazonaws.com", null, stop);
        await aws.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = TaskRole, PolicyName = "queues", PolicyDocument = QueuePolicy }, stop);
        var dead = await QueueAsync("orders-dead", [], stop);
        var deadArn = (await aws.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = dead, AttributeNames = ["QueueArn"] }, stop)).Attributes!["QueueArn"];
        var redrive = new Dictionary<string, string> { ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{deadArn}}","maxReceiveCount":"{{MaximumReceives}}"}""" };
        await QueueAsync(OrdersQueue, redrive, stop);
        await QueueAsync(StatusQueue, redrive, stop);
        foreach (var service in Services)
        {
            await EnsureAsync(EcrOperations.CreateRepository, new() { RepositoryName = $"orders/{service}" }, "RepositoryAlreadyExistsException", stop);
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

    private string LocalRegistry => $"127.0.0.1:{run.Port}";

    private static string ImageOf(string registry, string service) => $"{registry}/orders/{service}:dev";

    // The image is named by its digest, so that a rebuilt image is a new revision and an unchanged one is not.
    private async Task<string> EnsureTaskDefinitionAsync(string service, CancellationToken stop)
    {
        var images = await aws.CallAsync(EcrOperations.DescribeImages, new()
        {
            RepositoryName = $"orders/{service}", ImageIds = [new() { ImageTag = "dev" }],
        }, stop);
        var registry = service == "processor" ? $"{Topology.LinkServerAddress}:{run.Port}" : LocalRegistry;
        var wanted = Template<RegisterTaskDefinitionRequest>("task-definitions", service, ("IMAGE", $"{registry}/orders/{service}@{images.ImageDetails![0].ImageDigest}"));
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
    private T Template<T>(string folder, string service, (string Name, string Value) own)
        where T : Shape, new()
    {
        var text = File.ReadAllText(Path.Combine(Samples, folder, $"orders-{service}.json"));
        var onPremises = service == "processor";
        (string Name, string Value)[] values =
        [
            own,
            ("CLUSTER", Topology.Cluster),
            ("REGION", Topology.Region),
            ("TASK_ROLE_ARN", $"arn:aws:iam::123456789012:role/{TaskRole}"),
            ("AWS_ENDPOINT_URL", $"http://{(onPremises ? Topology.LinkServerAddress : Topology.CloudGateway)}:{run.Port}"),
            ("ORDERS_API_URL", $"http://{Topology.CloudGateway}:{run.ApiPort}"),
            ("DATA_FOLDER", Path.Combine(home.Volumes, service)),
        ];
        foreach (var (name, value) in values)
        {
            text = text.Replace($"${{{name}}}", value, StringComparison.Ordinal);
        }
        return JsonShapes.Read<T>(Encoding.UTF8.GetBytes(text));
    }

    private async Task<string> QueueAsync(string name, Dictionary<string, string> attributes, CancellationToken stop) =>
        (await aws.CallAsync(SqsOperations.CreateQueue, new() { QueueName = name, Attributes = attributes }, stop)).QueueUrl!;

    private async Task EnsureRoleAsync(string name, string service, string? policyArn, CancellationToken stop)
    {
        await EnsureAsync(IamOperations.CreateRole, new()
        {
            RoleName = name,
            AssumeRolePolicyDocument = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"{{service}}"},"Action":"sts:AssumeRole"}]}""",
        }, "EntityAlreadyExists", stop);
        if (policyArn is not null)
        {
            await aws.CallAsync(IamOperations.AttachRolePolicy, new() { RoleName = name, PolicyArn = policyArn }, stop);
        }
    }

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

    private const string QueuePolicy =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage","sqs:ChangeMessageVisibility","sqs:GetQueueUrl","sqs:GetQueueAttributes"],"Resource":["arn:aws:sqs:*:*:orders","arn:aws:sqs:*:*:orders-status"]}]}""";
}
