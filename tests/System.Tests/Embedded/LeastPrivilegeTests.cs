using System.Text.Json.Nodes;
using Longspan.Api.CloudTrail;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Logs;
using Longspan.Api.Sqs;
using Longspan.Cli.Embedded;
using Xunit;

namespace Longspan.System.Tests.Embedded;

/// <summary>
/// The order system runs with the sample's policies and nothing besides. What one of their statements allows does not happen without it,
/// the container's log and the audit trail say why, and it goes on when the statement is back.
/// </summary>
[Collection(EmbeddedTests.Name)]
public sealed class LeastPrivilegeTests(EmbeddedSystem system)
{
    [EmbeddedFact]
    public async Task Without_the_statement_that_lets_it_send_the_api_takes_no_order()
    {
        // From its first order on, the API knows the queue's address and need not ask for it.
        await system.Shop.ProcessedAsync([await system.Shop.PlaceAsync("allowed-order-0001")]);
        await WithoutAsync("orders-api-task", "sqs:SendMessage", async () =>
        {
            var began = TimeProvider.System.GetUtcNow();
            Assert.Null(await system.Shop.TryPlaceAsync("denied-order-0001"));
            await DeniedAsync("orders-api-task", "SendMessage", began);
            await ToldAsync("api", began);
        });
        await system.Shop.ProcessedAsync([await system.Shop.PlaceAsync("denied-order-0001")]);
    }

    [EmbeddedTheory]
    [InlineData("processor", "ReceiveMessage")]
    [InlineData("processor", "SendMessage")]
    [InlineData("api", "ReceiveMessage")]
    public async Task Without_a_statement_orders_wait_until_it_is_back(string service, string operation)
    {
        // What is received and may not be deleted comes back soon: with an order through, the open polls are such that know of it.
        await VisibilityAsync(2);
        List<string> orders = [await system.Shop.PlaceAsync($"before-{service}-{operation}-0001")];
        await system.Shop.ProcessedAsync(orders);
        await WithoutAsync($"orders-{service}-task", $"sqs:{operation}", async () =>
        {
            // This one ends the poll that was open when the policy changed, which had been allowed.
            var began = TimeProvider.System.GetUtcNow();
            orders.Add(await system.Shop.PlaceAsync($"first-{service}-{operation}-0001"));
            await DeniedAsync($"orders-{service}-task", operation, began);
            await ToldAsync(service, began);

            orders.Add(await system.Shop.PlaceAsync($"second-{service}-{operation}-0001"));
            await DeniedAsync($"orders-{service}-task", operation, TimeProvider.System.GetUtcNow());
            Assert.Equal("QUEUED", (string?)(await system.Shop.StatusAsync(orders[^1]))["status"]);
        });
        await system.Shop.ProcessedAsync(orders);
        await Soon.SeeAsync("both queues are empty", WaitingAsync, seen => seen.All(count => count == "0"), describe: seen => string.Join(", ", seen));
        await VisibilityAsync(30);
    }

    [EmbeddedFact]
    public async Task Without_the_statement_that_lets_it_pull_a_task_does_not_start()
    {
        // The engine has the sample's images from their build: under this name only the registry has one.
        var (registry, tag) = (system.Run.CloudEndpoint.Authority, "least-privilege");
        var image = (await system.Aws.CallAsync(EcrOperations.BatchGetImage, new() { RepositoryName = "orders/web", ImageIds = [new() { ImageTag = "dev" }] }, default)).Images![0];
        await system.Aws.CallAsync(EcrOperations.PutImage, new() { RepositoryName = "orders/web", ImageManifest = image.ImageManifest, ImageTag = tag }, default);
        var definition = (await system.Aws.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = "least-privilege", RequiresCompatibilities = ["FARGATE"], NetworkMode = "bridge", Cpu = "256", Memory = "512",
            ExecutionRoleArn = $"arn:aws:iam::{Topology.AccountId}:role/orders-execution",
            ContainerDefinitions = [new() { Name = "main", Image = $"{registry}/orders/web:{tag}", Essential = true, Command = ["--health"] }],
        }, default)).TaskDefinition!.TaskDefinitionArn!;

        await WithoutAsync("orders-execution", "ecr:BatchGetImage", async () =>
        {
            var refused = await StoppedAsync(definition);
            Assert.Equal("TaskFailedToStart", refused.StopCode);
            Assert.Matches("^CannotPullContainer(Auth)?Error: ", refused.Containers![0].Reason);
        });
        var allowed = await StoppedAsync(definition);
        Assert.True(allowed.StopCode == "EssentialContainerExited", $"{allowed.StopCode}: {allowed.StoppedReason} {allowed.Containers![0].Reason}");
        await Tool.RunAsync("docker", ["image", "rm", $"{registry}/orders/web:{tag}"], default);
    }

    [EmbeddedFact]
    public async Task Without_their_statements_logs_and_reports_wait_on_the_node()
    {
        var web = (await system.Aws.CallAsync(EcsOperations.DescribeTaskDefinition, new() { TaskDefinition = "orders-web" }, default)).TaskDefinition!.ContainerDefinitions![0];
        var definition = (await system.Aws.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = "least-privilege-premises", RequiresCompatibilities = ["EXTERNAL"], NetworkMode = "bridge",
            ExecutionRoleArn = $"arn:aws:iam::{Topology.AccountId}:role/orders-execution",
            ContainerDefinitions = [new()
            {
                Name = "main", Image = $"{system.Run.PremisesEndpoint.Authority}/orders/web:dev", Essential = true, Memory = 256, Environment = web.Environment,
                LogConfiguration = new() { LogDriver = "awslogs", Options = new() { ["awslogs-group"] = "/orders/web", ["awslogs-region"] = Topology.Region, ["awslogs-stream-prefix"] = "least" } },
            }],
        }, default)).TaskDefinition!.TaskDefinitionArn!;
        var task = "";
        async Task<string> LinesAsync() => string.Join('\n', (await system.Aws.CallAsync(
            LogsOperations.FilterLogEvents, new() { LogGroupName = "/orders/web", LogStreamNamePrefix = $"least/main/{task.Split('/')[^1]}" }, default)).Events!.Select(e => e.Message));
        await WithoutAsync("orders-execution", "logs:PutLogEvents", async () =>
        {
            var began = TimeProvider.System.GetUtcNow();
            task = (await system.Aws.CallAsync(
                EcsOperations.RunTask, new() { Cluster = Topology.Cluster, TaskDefinition = definition, LaunchType = "EXTERNAL" }, default)).Tasks!.Single().TaskArn!;
            await UntilAsync(task, "RUNNING");
            await DeniedAsync("orders-execution", "PutLogEvents", began);
            Assert.Empty(await LinesAsync());
        });
        await Soon.SeeAsync("the lines that waited are there", LinesAsync, lines => lines.Contains("Application started", StringComparison.Ordinal));

        await WithoutAsync(OrderSystem.NodeRole, "ecs:SubmitTaskStateChange", async () =>
        {
            var began = TimeProvider.System.GetUtcNow();
            await system.Aws.CallAsync(EcsOperations.StopTask, new() { Cluster = Topology.Cluster, Task = task }, default);
            await DeniedAsync(OrderSystem.NodeRole, "SubmitTaskStateChange", began);
            Assert.NotEqual("STOPPED", (await DescribedAsync(task)).LastStatus);
        });
        await UntilAsync(task, "STOPPED");
    }

    private async Task<EcsTask> DescribedAsync(string task) =>
        (await system.Aws.CallAsync(EcsOperations.DescribeTasks, new() { Cluster = Topology.Cluster, Tasks = [task] }, default)).Tasks!.Single();

    private Task<EcsTask> UntilAsync(string task, string status) => Soon.SeeAsync(
        $"the task is {status}", () => DescribedAsync(task), seen => seen.LastStatus == status, describe: seen => $"{seen.LastStatus} {seen.StoppedReason}");

    private async Task<EcsTask> StoppedAsync(string definition)
    {
        var run = await system.Aws.CallAsync(EcsOperations.RunTask, new() { Cluster = Topology.Cluster, TaskDefinition = definition, LaunchType = "FARGATE" }, default);
        return await UntilAsync(run.Tasks!.Single().TaskArn!, "STOPPED");
    }

    /// <summary>Does something while the role's only policy lacks the statement with this action, and gives it back.</summary>
    private async Task WithoutAsync(string role, string action, Func<Task> work)
    {
        var name = Assert.Single((await system.Aws.CallAsync(IamOperations.ListRolePolicies, new() { RoleName = role }, default)).PolicyNames!);
        Assert.Empty((await system.Aws.CallAsync(IamOperations.ListAttachedRolePolicies, new() { RoleName = role }, default)).AttachedPolicies!);
        var whole = Uri.UnescapeDataString((await system.Aws.CallAsync(IamOperations.GetRolePolicy, new() { RoleName = role, PolicyName = name }, default)).PolicyDocument!);
        var less = JsonNode.Parse(whole)!;
        var statements = less["Statement"]!.AsArray();
        Assert.True(statements.Remove(statements.Single(s => s!["Action"] is JsonArray actions && actions.Any(a => (string?)a == action))));
        Task PutAsync(string text) => system.Aws.CallAsync(IamOperations.PutRolePolicy, new() { RoleName = role, PolicyName = name, PolicyDocument = text }, default);
        await PutAsync(less.ToJsonString());
        try
        {
            await work();
        }
        finally
        {
            await PutAsync(whole);
        }
    }

    /// <summary>From this moment on, the audit trail has a denial of this operation to a session of the role.</summary>
    private Task DeniedAsync(string role, string operation, DateTimeOffset began) => Soon.SeeAsync($"{operation} is denied to {role}", async () =>
        (await system.Aws.CallAsync(CloudTrailOperations.LookupEvents, new()
        {
            StartTime = began, LookupAttributes = [new() { AttributeKey = "EventName", AttributeValue = operation }],
        }, default)).Events!.Select(e => JsonNode.Parse(e.CloudTrailEvent!)!).Count(e =>
            ((string?)e["errorCode"])?.StartsWith("AccessDenied", StringComparison.Ordinal) == true
            && ((string?)e["userIdentity"]!["arn"])!.Contains($":assumed-role/{role}/", StringComparison.Ordinal)), count => count > 0);

    /// <summary>The service's own log says that it was refused: of the calls that it makes to a queue one after the other, the first.</summary>
    private Task ToldAsync(string service, DateTimeOffset began) => Soon.SeeAsync($"the log of {service} tells of a refusal", async () =>
        (await system.Aws.CallAsync(LogsOperations.FilterLogEvents, new() { LogGroupName = $"/orders/{service}", StartTime = began.ToUnixTimeMilliseconds() }, default))
            .Events!.Select(e => e.Message!).ToArray(),
        lines => lines.Any(line => line.Contains($"assumed-role/orders-{service}-task/", StringComparison.Ordinal)
            && line.Contains(" is not authorized to perform: sqs:", StringComparison.Ordinal)), describe: lines => string.Join('\n', lines));

    private async Task VisibilityAsync(int seconds)
    {
        foreach (var queue in (string[])["orders", "orders-status"])
        {
            await system.Aws.CallAsync(SqsOperations.SetQueueAttributes, new() { QueueUrl = QueueUrl(queue), Attributes = new() { ["VisibilityTimeout"] = $"{seconds}" } }, default);
        }
    }

    private async Task<IReadOnlyList<string>> WaitingAsync()
    {
        List<string> counts = [];
        foreach (var queue in (string[])["orders", "orders-status"])
        {
            counts.AddRange((await system.Aws.CallAsync(SqsOperations.GetQueueAttributes, new()
            {
                QueueUrl = QueueUrl(queue), AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            }, default)).Attributes!.Values);
        }
        return counts;
    }

    private string QueueUrl(string queue) => $"{system.Run.Endpoint.ToString().TrimEnd('/')}/{Topology.AccountId}/{queue}";
}
