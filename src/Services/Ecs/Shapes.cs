using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using KeyValuePair = Longspan.Api.Ecs.KeyValuePair;
using TaskStatus = Longspan.Services.Ecs.Rules.TaskStatus;

namespace Longspan.Services.Ecs;

/// <summary>Documents to wire shapes and back: the only file that knows both sides of clusters, definitions, tasks and tags.</summary>
internal static class Shapes
{
    public static List<Tag> Tags(IReadOnlyDictionary<string, string> tags) =>
        [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })];

    public static IReadOnlyDictionary<string, string> Tags(IReadOnlyList<Tag>? tags)
    {
        const int maximum = 50;
        if (tags is not { Count: > 0 })
        {
            return TagSet.Empty;
        }
        if (tags.Count > maximum)
        {
            throw new InvalidParameterException("Too many tags.");
        }
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in tags)
        {
            if (string.IsNullOrEmpty(tag.Key) || tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidParameterException("Tag keys can not be empty or start with aws:.");
            }
            if (tag.Key.Length > 128 || tag.Value?.Length > 256)
            {
                throw new InvalidParameterException("Tag keys can have at most 128 characters, tag values at most 256.");
            }
            if (!result.TryAdd(tag.Key, tag.Value ?? ""))
            {
                throw new InvalidParameterException($"Duplicate tag keys found: {tag.Key}.");
            }
        }
        return result;
    }

    public static Cluster Cluster(ClusterDocument cluster, ClusterCounts counts, IReadOnlyCollection<string>? include = null)
    {
        bool Includes(string what) => include?.Contains(what) is true;
        return new Cluster
        {
            ClusterArn = cluster.Arn,
            ClusterName = cluster.Name,
            Status = cluster.Status,
            RegisteredContainerInstancesCount = counts.Instances,
            RunningTasksCount = counts.Running,
            PendingTasksCount = counts.Pending,
            ActiveServicesCount = counts.Services,
            Statistics = Includes("STATISTICS") ? Statistics(counts) : [],
            Tags = include is null || Includes("TAGS") ? Tags(cluster.Tags) : [],
            Settings = include is null || Includes("SETTINGS")
                ? cluster.Declared.Settings ?? [new ClusterSetting { Name = "containerInsights", Value = "disabled" }] : [],
            Configuration = include is null || Includes("CONFIGURATIONS") ? cluster.Declared.Configuration : null,
            CapacityProviders = cluster.Declared.CapacityProviders ?? [],
            DefaultCapacityProviderStrategy = cluster.Declared.DefaultCapacityProviderStrategy ?? [],
            ServiceConnectDefaults = cluster.Declared.ServiceConnectDefaults,
        };
    }

    private static List<KeyValuePair> Statistics(ClusterCounts counts)
    {
        var result = new List<KeyValuePair>();
        foreach (var (launch, name) in new[] { ("EC2", "EC2"), ("FARGATE", "Fargate"), ("EXTERNAL", "External") })
        {
            var (running, pending, services) = counts.ByLaunchType.GetValueOrDefault(launch);
            result.Add(new KeyValuePair { Name = $"running{name}TasksCount", Value = Text(running) });
            result.Add(new KeyValuePair { Name = $"pending{name}TasksCount", Value = Text(pending) });
            result.Add(new KeyValuePair { Name = $"active{name}ServiceCount", Value = Text(services) });
        }
        return result;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    public static TaskDefinition TaskDefinition(TaskDefinitionDocument document)
    {
        var kept = document.Definition;
        return new TaskDefinition
        {
            TaskDefinitionArn = document.Arn,
            Revision = document.Revision,
            Status = document.Status,
            RegisteredAt = document.RegisteredAt,
            DeregisteredAt = document.DeregisteredAt,
            DeleteRequestedAt = document.DeleteRequestedAt,
            RegisteredBy = document.RegisteredBy,
            ContainerDefinitions = kept.ContainerDefinitions,
            Family = document.Family,
            TaskRoleArn = kept.TaskRoleArn,
            ExecutionRoleArn = kept.ExecutionRoleArn,
            NetworkMode = kept.NetworkMode,
            Volumes = kept.Volumes,
            RequiresAttributes = kept.RequiresAttributes,
            PlacementConstraints = kept.PlacementConstraints,
            Compatibilities = kept.Compatibilities,
            RuntimePlatform = kept.RuntimePlatform,
            RequiresCompatibilities = kept.RequiresCompatibilities,
            Cpu = kept.Cpu,
            Memory = kept.Memory,
            InferenceAccelerators = kept.InferenceAccelerators,
            PidMode = kept.PidMode,
            IpcMode = kept.IpcMode,
            ProxyConfiguration = kept.ProxyConfiguration,
            EphemeralStorage = kept.EphemeralStorage,
            EnableFaultInjection = kept.EnableFaultInjection,
        };
    }

    public static EcsTask EcsTask(TaskDocument task, string clusterArn, bool withTags)
    {
        var fargate = task.LaunchType == LaunchTypes.Fargate;
        return new EcsTask
        {
            TaskArn = task.Arn,
            ClusterArn = clusterArn,
            TaskDefinitionArn = task.TaskDefinitionArn,
            // Fargate capacity belongs to the platform: its instances are not the caller's business.
            ContainerInstanceArn = fargate || task.IsWaiting ? null : task.InstanceArn,
            LaunchType = task.LaunchType,
            CapacityProviderName = task.CapacityProvider,
            PlatformVersion = task.PlatformVersion,
            PlatformFamily = fargate ? "Linux" : null,
            AvailabilityZone = task.AvailabilityZone,
            Group = task.Group,
            StartedBy = task.StartedBy,
            Cpu = task.Cpu,
            Memory = task.Memory,
            LastStatus = task.LastStatus,
            DesiredStatus = task.DesiredStatus,
            HealthStatus = task.HealthStatus,
            Containers = [.. task.Containers.Select(c => Container(task, c))],
            Overrides = Overrides(task),
            Attachments = [.. task.Attachments.Select(a => Attachment(task, a))],
            Attributes = [],
            EnableExecuteCommand = task.EnableExecuteCommand,
            Tags = withTags ? Tags(task.Tags) : [],
            Version = task.Version,
            Connectivity = task.ConnectivityAt is null ? null : task.LostAt is null ? "CONNECTED" : "DISCONNECTED",
            ConnectivityAt = task.ConnectivityAt,
            CreatedAt = task.CreatedAt,
            PullStartedAt = task.PullStartedAt,
            PullStoppedAt = task.PullStoppedAt,
            StartedAt = task.StartedAt,
            StoppingAt = task.StoppingAt,
            ExecutionStoppedAt = task.ExecutionStoppedAt,
            StoppedAt = task.StoppedAt,
            StopCode = task.StopCode,
            StoppedReason = task.StoppedReason,
        };
    }

    // AWS lists every container in the overrides, also those that nothing was overridden of.
    private static TaskOverride Overrides(TaskDocument task)
    {
        var given = task.Overrides;
        return new TaskOverride
        {
            ContainerOverrides =
            [
                .. task.Containers.Select(c =>
                    given?.ContainerOverrides?.FirstOrDefault(o => o.Name == c.Name) ?? new ContainerOverride { Name = c.Name }),
            ],
            Cpu = given?.Cpu,
            Memory = given?.Memory,
            TaskRoleArn = given?.TaskRoleArn,
            ExecutionRoleArn = given?.ExecutionRoleArn,
            EphemeralStorage = given?.EphemeralStorage,
            InferenceAcceleratorOverrides = given?.InferenceAcceleratorOverrides ?? [],
        };
    }

    private static Attachment Attachment(TaskDocument task, Attachment kept) => task.PrivateAddress is not { } address ? kept : new Attachment
    {
        Id = kept.Id,
        Type = kept.Type,
        Status = kept.Status,
        Details = [.. kept.Details ?? [], new KeyValuePair { Name = "privateIPv4Address", Value = address }],
    };

    private static Container Container(TaskDocument task, ContainerRecord container) => new()
    {
        ContainerArn = container.Arn,
        TaskArn = task.Arn,
        Name = container.Name,
        Image = container.Image,
        ImageDigest = container.ImageDigest,
        RuntimeId = container.RuntimeId,
        LastStatus = container.LastStatus,
        ExitCode = container.ExitCode,
        Reason = container.Reason,
        HealthStatus = container.HealthStatus,
        NetworkBindings = task.IsAwsvpc ? [] : [.. container.NetworkBindings],
        NetworkInterfaces = task.PrivateAddress is { } address
            ? [new NetworkInterface { AttachmentId = task.Attachments[0].Id, PrivateIpv4Address = address }] : [],
        Cpu = container.Cpu,
        Memory = container.Memory,
        MemoryReservation = container.MemoryReservation,
    };

    public static ContainerInstance Instance(
        ContainerInstanceDocument instance, AssignmentDocument? assignment, int running, int pending, IReadOnlyCollection<string>? include)
    {
        var used = InstanceUse.Of(assignment);
        var registered = instance.Registered;
        return new ContainerInstance
        {
            ContainerInstanceArn = instance.Arn,
            Ec2InstanceId = instance.Ec2InstanceId,
            CapacityProviderName = instance.CapacityProvider,
            Version = instance.Version,
            VersionInfo = new VersionInfo
            {
                AgentVersion = instance.AgentVersion, AgentHash = instance.AgentHash, DockerVersion = instance.DockerVersion,
            },
            RegisteredResources = Resources(registered),
            RemainingResources = Resources(new InstanceResources(
                registered.CpuUnits - used.CpuUnits, registered.MemoryMib - used.MemoryMib,
                [.. registered.TcpPorts, .. used.TcpPorts], [.. registered.UdpPorts, .. used.UdpPorts],
                [.. registered.Gpus.Except(used.Gpus)])),
            Status = instance.Status,
            AgentConnected = instance.AgentConnected,
            RunningTasksCount = running,
            PendingTasksCount = pending,
            Attributes = [.. instance.Attributes.Select(a => new EcsAttribute { Name = a.Name, Value = a.Value })],
            RegisteredAt = instance.RegisteredAt,
            Attachments = [],
            Tags = include?.Contains("TAGS") is true ? Tags(instance.Tags) : [],
            HealthStatus = include?.Contains("CONTAINER_INSTANCE_HEALTH") is true ? Health(instance) : null,
        };
    }

    private static ContainerInstanceHealthStatus Health(ContainerInstanceDocument instance)
    {
        var status = instance.RuntimeStatus ?? "INSUFFICIENT_DATA";
        return new ContainerInstanceHealthStatus
        {
            OverallStatus = status,
            Details =
            [
                new InstanceHealthCheckResult
                {
                    Type = "CONTAINER_RUNTIME", Status = status, LastUpdated = instance.RuntimeStatusUpdatedAt,
                    LastStatusChange = instance.RuntimeStatusChangedAt,
                },
            ],
        };
    }

    private static List<Resource> Resources(InstanceResources resources)
    {
        var result = new List<Resource>
        {
            Number("CPU", resources.CpuUnits), Number("MEMORY", resources.MemoryMib),
            Set("PORTS", resources.TcpPorts.Distinct().Select(Text)), Set("PORTS_UDP", resources.UdpPorts.Distinct().Select(Text)),
        };
        if (resources.Gpus.Count > 0)
        {
            result.Add(Set("GPU", resources.Gpus));
        }
        return result;
    }

    private static Resource Number(string name, int value) =>
        new() { Name = name, Type = "INTEGER", IntegerValue = value, LongValue = 0, DoubleValue = 0 };

    private static Resource Set(string name, IEnumerable<string> values) =>
        new() { Name = name, Type = "STRINGSET", IntegerValue = 0, LongValue = 0, DoubleValue = 0, StringSetValue = [.. values] };

    public static Failure Missing(string arn) => new() { Arn = arn, Reason = "MISSING" };
}

/// <summary>What is counted, not kept: the numbers in a cluster's description.</summary>
internal sealed record ClusterCounts(
    int Instances, int Running, int Pending, int Services,
    IReadOnlyDictionary<string, (int Running, int Pending, int Services)> ByLaunchType)
{
    public static readonly ClusterCounts None =
        new(0, 0, 0, 0, new Dictionary<string, (int Running, int Pending, int Services)>());

    public static ClusterCounts Of(
        int instances, IReadOnlyDictionary<string, (int Running, int Pending)> tasks, IEnumerable<ServiceDocument> services)
    {
        var by = tasks.ToDictionary(t => t.Key, t => (t.Value.Running, t.Value.Pending, Services: 0), StringComparer.Ordinal);
        foreach (var service in services.Where(s => s.Status == ServiceDocument.Active))
        {
            var (running, pending, active) = by.GetValueOrDefault(service.LaunchType);
            by[service.LaunchType] = (running, pending, active + 1);
        }
        return new ClusterCounts(
            instances, by.Values.Sum(v => v.Running), by.Values.Sum(v => v.Pending), by.Values.Sum(v => v.Services), by);
    }
}

/// <summary>What the assignment takes of a node.</summary>
internal sealed record InstanceUse(
    int CpuUnits, int MemoryMib, IReadOnlyList<int> TcpPorts, IReadOnlyList<int> UdpPorts, IReadOnlyList<string> Gpus)
{
    public static InstanceUse Of(AssignmentDocument? assignment)
    {
        var entries = assignment?.Entries ?? [];
        return new InstanceUse(
            entries.Sum(e => e.CpuUnits), entries.Sum(e => e.MemoryMib),
            [.. entries.SelectMany(e => e.TcpPorts)], [.. entries.SelectMany(e => e.UdpPorts)], [.. entries.SelectMany(e => e.Gpus)]);
    }
}
