using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager;

/// <summary>
/// The tasks that rotate a secret, through ECS's public operations. A task gets the secret's ARN, the token and the step in its environment, works with
/// the rights of its own task role, and says by its exit code whether the step is done.
/// </summary>
internal static class RotationTasks
{
    public const string TagPrefix = "longspan:rotation-";
    private const string StartedBy = "secretsmanager-rotation";
    private const string ResourcePrefix = "task-definition/";

    public static bool IsTarget(string target) =>
        Arn.TryParse(target, out var arn) && arn.Service == "ecs" && arn.Resource.StartsWith(ResourcePrefix, StringComparison.Ordinal)
        && arn.Resource.Length > ResourcePrefix.Length;

    /// <summary>The definition behind a rotation's target; throws ECS's refusal when there is none.</summary>
    public static async ValueTask<TaskDefinition> DefinitionAsync(Cloud cloud, string accountId, string region, string target, CancellationToken stop)
    {
        var definition = Arn.TryParse(target, out var arn) ? arn.Resource[ResourcePrefix.Length..] : target;
        var answer = await cloud.CallAsync(
            EcsOperations.DescribeTaskDefinition, new DescribeTaskDefinitionRequest { TaskDefinition = definition },
            Caller.Platform(accountId), region, stop);
        return answer.TaskDefinition!;
    }

    /// <summary>Starts the task of the rotation's step; the reason in the second place when it did not start.</summary>
    public static async ValueTask<(RotationDocument? Running, string? Refusal)> StartAsync(
        CallContext call, SecretDocument secret, RotationDocument rotation, CancellationToken stop)
    {
        try
        {
            var definition = await DefinitionAsync(call.Cloud, call.AccountId, call.Region, secret.Rotation!.Target, stop);
            var container = Tag(secret, "container")
                ?? (definition.ContainerDefinitions!.Find(c => c.Essential != false) ?? definition.ContainerDefinitions[0]).Name!;
            var cluster = Tag(secret, "cluster") ?? "default";
            var answer = await call.Cloud.CallAsync(
                EcsOperations.RunTask, Request(call, secret, rotation, definition, cluster), call.Caller, call.Region, stop);
            return answer.Tasks is [var task]
                ? (rotation with { TaskArn = task.TaskArn, Cluster = cluster, Container = container, RunningSince = call.Now, RetryAt = null }, null)
                : (null, $"no task was placed: {string.Join(", ", answer.Failures!.Select(f => f.Reason).Distinct())}");
        }
        catch (AwsError refused)
        {
            return (null, $"{refused.Code}: {refused.Message}");
        }
    }

    /// <summary>How the task of the step ended: null while it runs, an empty text when the step is done, otherwise why it is not.</summary>
    public static async ValueTask<string?> OutcomeAsync(CallContext call, RotationDocument rotation, CancellationToken stop)
    {
        EcsTask? task;
        try
        {
            var answer = await call.Cloud.CallAsync(
                EcsOperations.DescribeTasks, new DescribeTasksRequest { Cluster = rotation.Cluster, Tasks = [rotation.TaskArn!] },
                call.Caller, call.Region, stop);
            task = answer.Tasks!.SingleOrDefault();
        }
        catch (AwsError refused)
        {
            return $"{refused.Code}: {refused.Message}";
        }
        if (task is null)
        {
            return "the task is gone, and nobody can tell how it ended";
        }
        if (task.LastStatus != "STOPPED")
        {
            return null;
        }
        var container = task.Containers?.Find(c => c.Name == rotation.Container);
        return container?.ExitCode switch
        {
            0 => "",
            { } code => $"container {rotation.Container} of {task.TaskArn} exited with code {code}",
            null => $"{task.TaskArn} stopped: {container?.Reason ?? task.StoppedReason ?? "no reason given"}",
        };
    }

    public static async ValueTask StopAsync(CallContext call, RotationDocument rotation, string reason, CancellationToken stop)
    {
        try
        {
            await call.Cloud.CallAsync(
                EcsOperations.StopTask, new StopTaskRequest { Cluster = rotation.Cluster, Task = rotation.TaskArn, Reason = reason },
                call.Caller, call.Region, stop);
        }
        catch (AwsError)
        {
            // There is no such task any more, which is what was wanted.
        }
    }

    private static RunTaskRequest Request(
        CallContext call, SecretDocument secret, RotationDocument rotation, TaskDefinition definition, string cluster)
    {
        List<Api.Ecs.KeyValuePair> environment =
        [
            new() { Name = "SECRET_ARN", Value = call.Arn("secretsmanager", secret.Resource).ToString() },
            new() { Name = "CLIENT_REQUEST_TOKEN", Value = rotation.Token },
            new() { Name = "STEP", Value = rotation.Step },
        ];
        var subnets = List(Tag(secret, "subnets"));
        return new RunTaskRequest
        {
            TaskDefinition = definition.TaskDefinitionArn,
            Cluster = cluster,
            LaunchType = Tag(secret, "launch-type") ?? DefaultLaunchType(definition),
            StartedBy = StartedBy,
            ClientToken = RotationSteps.RunToken(rotation),
            Overrides = new TaskOverride
            {
                ContainerOverrides = definition.ContainerDefinitions!.ConvertAll(c => new ContainerOverride { Name = c.Name, Environment = environment }),
            },
            NetworkConfiguration = subnets.Count == 0 ? null : new NetworkConfiguration
            {
                AwsvpcConfiguration = new AwsVpcConfiguration { Subnets = subnets, SecurityGroups = List(Tag(secret, "security-groups")) },
            },
        };
    }

    // None lets the cluster's own default strategy choose.
    private static string? DefaultLaunchType(TaskDefinition definition) => definition.RequiresCompatibilities is [var only] ? only : null;

    private static string? Tag(SecretDocument secret, string name) => secret.Tags.GetValueOrDefault(TagPrefix + name);

    // Tag values hold no commas on AWS; spaces they do.
    private static List<string> List(string? text) => [.. (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}
