using System.Globalization;
using System.Security.Cryptography;
using Longspan.AgentLink;
using Longspan.Api.Ecs;

namespace Longspan.Fleet;

/// <summary>A task on a simulated node.</summary>
internal sealed class SimulatedTask(string family, string version, string container)
{
    public string Status { get; set; } = "";
    public string Container => container;
    public string RuntimeId { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    public TaskMetric Metric(string arn) => new()
    {
        TaskArn = arn, TaskDefinitionFamily = family, TaskDefinitionVersion = version,
        ContainerMetrics =
        [
            new ContainerMetric
            {
                ContainerName = container,
                CpuStatsSet = new StatsSet { Min = 0.25, Max = 0.25, Sum = 0.25, SampleCount = 1 },
                MemoryStatsSet = new StatsSet { Min = 12, Max = 12, Sum = 12, SampleCount = 1 },
            },
        ],
    };
}

/// <summary>What a node of the fleet registers with: the attributes of our own node, three zones, and a disk that a constraint can ask for.</summary>
internal static class NodeFacts
{
    public const int CpuUnits = 4096;
    public const int MemoryMib = 8192;
    public const string DiskAttribute = "disk";
    public const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    public static string Name(int index) => "node-" + index.ToString("D5", CultureInfo.InvariantCulture);

    public static string NewId() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    public static RegisterContainerInstanceRequest Request(int index) => new()
    {
        Cluster = FleetWorld.Cluster,
        InstanceIdentityDocument = "",
        InstanceIdentityDocumentSignature = "",
        ClientToken = NewId(),
        VersionInfo = new VersionInfo { AgentVersion = "0.1.0", DockerVersion = "DockerVersion: 27.0.0" },
        Attributes = [.. Capabilities().Select(n => new EcsAttribute { Name = n }), .. Custom(index).Select(a => new EcsAttribute { Name = a.Name, Value = a.Value })],
        TotalResources =
        [
            new Resource { Name = "CPU", Type = "INTEGER", IntegerValue = CpuUnits },
            new Resource { Name = "MEMORY", Type = "INTEGER", IntegerValue = MemoryMib },
            new Resource { Name = "PORTS", Type = "STRINGSET", StringSetValue = ["22", "2375", "2376", "51678"] },
            new Resource { Name = "PORTS_UDP", Type = "STRINGSET", StringSetValue = [] },
        ],
    };

    private static IEnumerable<(string Name, string Value)> Custom(int index) =>
    [
        ("ecs.availability-zone", FleetWorld.Region + "abc"[index % 3]), (DiskAttribute, index % 4 == 3 ? "hdd" : "ssd"), ("rack", $"rack-{index / 40}"),
        (NodeCapability.Name, Name(index)), (NodeCapability.Node, NodeCapability.Version), ("ecs.os-type", "linux"), ("ecs.os-family", "LINUX"),
        ("ecs.cpu-architecture", "x86_64"),
    ];

    private static IEnumerable<string> Capabilities() =>
    [
        .. Enumerable.Range(17, 16).Where(v => v is not (26 or 27 or 31)).Select(v => $"com.amazonaws.ecs.capability.docker-remote-api.1.{v}"),
        "com.amazonaws.ecs.capability.privileged-container", "com.amazonaws.ecs.capability.logging-driver.json-file",
        "com.amazonaws.ecs.capability.logging-driver.none", "com.amazonaws.ecs.capability.logging-driver.awslogs",
        "com.amazonaws.ecs.capability.task-iam-role", "com.amazonaws.ecs.capability.task-iam-role-network-host",
        "com.amazonaws.ecs.capability.ecr-auth", "ecs.capability.execution-role-ecr-pull", "ecs.capability.ecr-endpoint",
        "ecs.capability.execution-role-awslogs", "ecs.capability.container-ordering", "ecs.capability.container-health-check",
        "ecs.capability.container-restart-policy", "ecs.capability.network.container-port-range", "ecs.capability.task-cpu-mem-limit",
        "ecs.capability.increased-task-cpu-limit", "ecs.capability.full-sync", "ecs.capability.docker-plugin.local", "ecs.capability.task-eni",
        NodeCapability.LogSpool, NodeCapability.OfflineAssignment,
    ];
}
