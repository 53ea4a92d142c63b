using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Scheduling;
using KeyValuePair = Longspan.Api.Ecs.KeyValuePair;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What a task is to be made of, wherever it runs: by RunTask, StartTask or a service.</summary>
internal sealed record TaskTemplate
{
    public required TaskDefinitionDocument Definition { get; init; }
    public required string ClusterName { get; init; }
    public required string LaunchType { get; init; }
    /// <summary>The strategy to place it by; null for a launch type.</summary>
    public TaskCapacity? Capacity { get; init; }
    /// <summary>That strategy as it was asked for.</summary>
    public IReadOnlyList<CapacityProviderStrategyItem>? Declared { get; init; }
    /// <summary>The provider that the strategy chose for this one.</summary>
    public string? CapacityProvider { get; init; }
    public string? PlatformVersion { get; init; }
    public required string Group { get; init; }
    public string? StartedBy { get; init; }
    public string? ServiceName { get; init; }
    public string? DeploymentId { get; init; }
    public TaskOverride? Overrides { get; init; }
    public AwsVpcConfiguration? Network { get; init; }
    public bool EnableExecuteCommand { get; init; }
    /// <summary>By container: the image digests that its deployment is bound to.</summary>
    public IReadOnlyDictionary<string, string> ImageDigests { get; init; } = TagSet.Empty;
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;
    public IReadOnlyList<PlacementConstraint> Constraints { get; init; } = [];
    public IReadOnlyList<PlacementStrategy> Strategy { get; init; } = [];
    /// <summary>An attribute and the value that the instance must have: where a task goes that moves to another zone.</summary>
    public (string Attribute, string Value)? Zone { get; init; }

    /// <summary>The role that applies: the override's before the definition's.</summary>
    public string? TaskRoleArn => Overrides?.TaskRoleArn ?? Definition.Definition.TaskRoleArn;
    public string? ExecutionRoleArn => Overrides?.ExecutionRoleArn ?? Definition.Definition.ExecutionRoleArn;

    /// <summary>What it asks of a node. Throws the caller's error for an expression that we do not understand.</summary>
    public PlacementRequest Request()
    {
        OverrideRules.Check(Definition, Overrides);
        if (LaunchType == LaunchTypes.Fargate)
        {
            OverrideRules.CheckFargate(Definition, Overrides);
        }
        var demand = TaskSizes.Demand(Definition, Overrides);
        PlacementRules.Check(Constraints.Count, Strategy);
        var rules = Constraints.Select(c => (c.Type, c.Expression))
            .Concat((Definition.Definition.PlacementConstraints ?? []).Select(c => (c.Type, c.Expression))).ToArray();
        var request = new PlacementRequest
        {
            Group = Group,
            CpuUnits = demand.CpuUnits,
            MemoryMib = demand.MemoryMib,
            TcpPorts = demand.TcpPorts,
            UdpPorts = demand.UdpPorts,
            // The platform's own capacity runs whatever is offered to it.
            RequiredAttributes = LaunchType == LaunchTypes.Fargate
                ? [] : [.. (Definition.Definition.RequiresAttributes ?? []).Select(a => a.Name!), .. OverrideRules.Attributes(Overrides)],
            Values = TaskRequirements.Values(Definition.Definition),
            Gpus = demand.Gpus,
            DistinctInstance = rules.Any(c => c.Type == "distinctInstance"),
            Constraints = [.. rules.Where(c => c.Type == "memberOf").Select(c => PlacementRules.Query(c.Expression))],
            Strategy = [.. Strategy.Select(PlacementRules.Rule)],
        };
        return Zone is not (var attribute, var value) ? request : request with
        {
            RequiredAttributes = [.. request.RequiredAttributes, attribute],
            Values = new Dictionary<string, string>(request.Values, StringComparer.Ordinal) { [attribute] = value },
        };
    }
}

/// <summary>Makes the documents of a task that has been given a place.</summary>
internal static class NewTask
{
    public static (TaskDocument Task, AssignmentEntry Entry) On(
        ContainerInstanceDocument instance, TaskTemplate template, CallScope call, DateTimeOffset now) =>
        Place(Unplaced(template, call, now), instance, template);

    /// <summary>A task that waits for capacity.</summary>
    public static TaskDocument Waiting(TaskTemplate template, WaitingRecord? record, CallScope call, DateTimeOffset now) =>
        Unplaced(template, call, now) with { Waiting = record };

    /// <summary>The task on its instance, and what it takes there.</summary>
    public static (TaskDocument Task, AssignmentEntry Entry) Place(TaskDocument task, ContainerInstanceDocument instance, TaskTemplate template)
    {
        var demand = TaskSizes.Demand(template.Definition, template.Overrides);
        var placed = task with
        {
            LaunchType = template.LaunchType,
            CapacityProvider = template.CapacityProvider,
            PlatformVersion = template.LaunchType == LaunchTypes.Fargate ? PlatformOf(template.PlatformVersion) : null,
            InstanceId = instance.Id,
            InstanceArn = instance.Arn,
            AvailabilityZone = instance.AvailabilityZone,
            LastStatus = TaskStatus.Pending,
            Waiting = null,
        };
        var entry = new AssignmentEntry
        {
            TaskId = task.Id,
            Group = template.Group,
            CpuUnits = demand.CpuUnits,
            MemoryMib = demand.MemoryMib,
            TcpPorts = demand.TcpPorts,
            UdpPorts = demand.UdpPorts,
            RoleCredentialsId = template.TaskRoleArn is null ? null : Ids.Uuid(),
            ExecutionCredentialsId = template.ExecutionRoleArn is null ? null : Ids.Uuid(),
        };
        return (placed, entry);
    }

    private static TaskDocument Unplaced(TaskTemplate template, CallScope call, DateTimeOffset now)
    {
        var id = Ids.NeighbourHex(now);
        var definition = template.Definition;
        var demand = TaskSizes.Demand(definition, template.Overrides);
        var arn = call.Arn($"task/{template.ClusterName}/{id}");
        ContainerRecord[] containers = [.. definition.Containers.Select(c => Container(id, c, template, call))];
        return new TaskDocument
        {
            Id = id,
            Arn = arn,
            ClusterName = template.ClusterName,
            Family = definition.Family,
            Revision = definition.Revision,
            TaskDefinitionArn = definition.Arn,
            LaunchType = template.LaunchType,
            CapacityProvider = template.CapacityProvider,
            PlatformVersion = template.LaunchType == LaunchTypes.Fargate ? PlatformOf(template.PlatformVersion) : null,
            Group = template.Group,
            StartedBy = template.StartedBy,
            ServiceName = template.ServiceName,
            DeploymentId = template.DeploymentId,
            InstanceId = "",
            InstanceArn = "",
            Cpu = (TaskSizes.Cpu(template.Overrides?.Cpu)?.ToString(CultureInfo.InvariantCulture) ?? definition.Definition.Cpu) ?? Text(demand.CpuUnits),
            Memory = (TaskSizes.Memory(template.Overrides?.Memory)?.ToString(CultureInfo.InvariantCulture) ?? definition.Definition.Memory) ?? Text(demand.MemoryMib),
            LastStatus = TaskStatus.Provisioning,
            DesiredStatus = TaskStatus.Running,
            HasHealthCheck = containers.Any(c => c.Essential && c.HasHealthCheck),
            Containers = containers,
            EnableExecuteCommand = template.EnableExecuteCommand,
            Overrides = template.Overrides,
            Attachments = Attachments(template),
            Tags = template.Tags,
            CreatedAt = now,
        };
    }

    private static string PlatformOf(string? asked) => asked is null or "LATEST" ? LaunchTypes.FargatePlatform : asked;

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static ContainerRecord Container(
        string taskId, ContainerDefinition container, TaskTemplate template, CallScope call)
    {
        var change = template.Overrides?.ContainerOverrides?.FirstOrDefault(o => o.Name == container.Name);
        return new ContainerRecord
        {
            Name = container.Name!,
            Arn = call.Arn($"container/{template.ClusterName}/{taskId}/{Ids.Uuid()}"),
            Image = container.Image,
            PinnedDigest = ImagePins.Of(container, template.ImageDigests),
            Essential = container.Essential ?? true,
            HasHealthCheck = container.HealthCheck is not null,
            Cpu = Text(change?.Cpu ?? container.Cpu ?? 0),
            Memory = (change?.Memory ?? container.Memory) is { } memory ? Text(memory) : null,
            MemoryReservation = (change?.MemoryReservation ?? container.MemoryReservation) is { } reservation ? Text(reservation) : null,
        };
    }

    // One interface per awsvpc task, as callers expect to find it. Its address comes with the node's report.
    private static List<Attachment> Attachments(TaskTemplate template) =>
        template.Definition.IsAwsvpc
            ?
            [
                new Attachment
                {
                    Id = Ids.Uuid(),
                    Type = "ElasticNetworkInterface",
                    Status = "ATTACHED",
                    Details = [.. (template.Network?.Subnets ?? []).Take(1).Select(s => new KeyValuePair { Name = "subnetId", Value = s })],
                },
            ]
            : [];
}

/// <summary>Account and region: what an ARN needs when no call is at hand, as in a pass.</summary>
internal readonly record struct CallScope(string AccountId, string Region)
{
    /// <summary>From a document scope: <c>account/region</c> or <c>account/region/cluster</c>.</summary>
    public static CallScope Of(string scope)
    {
        var parts = scope.Split('/');
        return new CallScope(parts[0], parts[1]);
    }

    /// <summary>The scope of documents that belong to no cluster, as <see cref="CallContext.Scope"/> is a call's.</summary>
    public string DocumentScope => $"{AccountId}/{Region}";

    public string Arn(string resource) => new Arn("ecs", Region, AccountId, resource).ToString();
}
