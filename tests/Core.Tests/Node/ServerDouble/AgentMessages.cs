using System.Text.Json;
using Longspan.Core.Tests.Ecs.AgentDouble;
using static Longspan.Core.Tests.Ecs.AgentDouble.Kind;

namespace Longspan.Core.Tests.Node.ServerDouble;

/// <summary>Everything that an agent may send to a server, member by member: §2, §3.6, §6.4.</summary>
internal static class AgentMessages
{
    private static Member Must(string name, Kind of) => new(name, of, true);

    private static readonly Kind Binding = Object(
        Must("bindIP", S), ("containerPort", L), ("hostPort", L), ("containerPortRange", S), ("hostPortRange", S), Must("protocol", OneOf("tcp", "udp")));

    private static readonly Kind Stats = Object(Must("min", D), Must("max", D), Must("sum", D), Must("sampleCount", L));

    private static readonly Kind LongStats = Object(
        Must("min", L), Must("max", L), Must("sum", L), Must("sampleCount", L), ("overflowMin", L), ("overflowMax", L), ("overflowSum", L));

    private static readonly Kind Resource = Object(
        Must("name", OneOf("CPU", "MEMORY", "PORTS", "PORTS_UDP")), Must("type", OneOf("INTEGER", "STRINGSET")), ("integerValue", L), ("stringSetValue", List(S)));

    /// <summary>Bodies of API calls.</summary>
    public static readonly IReadOnlyDictionary<string, Kind> Calls = new Dictionary<string, Kind>
    {
        ["RegisterContainerInstance"] = Object(
            Must("cluster", S), ("containerInstanceArn", S), Must("clientToken", S), ("instanceIdentityDocument", S),
            ("instanceIdentityDocumentSignature", S), Must("attributes", List(Object(Must("name", S), ("value", S)))),
            Must("totalResources", List(Resource)), ("tags", List(Object(Must("key", S), ("value", S)))),
            ("platformDevices", List(Object(Must("id", S), Must("type", S)))),
            // Not the protocol's, and harmless: it saves the server a guess.
            ("versionInfo", Object(("agentVersion", S), ("agentHash", S), ("dockerVersion", S)))),
        ["DiscoverPollEndpoint"] = Object(Must("cluster", S), Must("containerInstance", S), ("zoneId", S)),
        ["SubmitTaskStateChange"] = Object(
            Must("cluster", S), Must("task", S), Must("status", OneOf("PENDING", "RUNNING", "STOPPED")), ("reason", S),
            ("containers", List(Object(
                Must("containerName", S), Must("status", OneOf("PENDING", "RUNNING", "STOPPED")), ("exitCode", L), ("reason", S), ("runtimeId", S),
                ("imageDigest", S), ("networkBindings", List(Binding))))),
            ("pullStartedAt", D), ("pullStoppedAt", D), ("executionStoppedAt", D)),
    };

    /// <summary>Frames of the control socket. The last is our own node's report, which servers that do not know it pass over.</summary>
    public static readonly IReadOnlyDictionary<string, Kind> Control = new Dictionary<string, Kind>
    {
        ["HeartbeatAckRequest"] = Object(Must("messageId", S)),
        ["AckRequest"] = Object(Must("cluster", S), Must("containerInstance", S), Must("messageId", S)),
        ["NackRequest"] = Object(Must("cluster", S), Must("containerInstance", S), Must("messageId", S), Must("reason", S)),
        ["IAMRoleCredentialsAckRequest"] = Object(Must("messageId", S), Must("credentialsId", S), Must("expiration", S)),
        ["TaskStopVerificationMessage"] = Object(
            Must("messageId", S), Must("stopCandidates", List(Object(Must("taskArn", S), ("taskClusterArn", S), Must("desiredStatus", OneOf("STOPPED")))))),
    };

    /// <summary>Frames of the telemetry socket, without their header block.</summary>
    public static readonly IReadOnlyDictionary<string, Kind> Telemetry = new Dictionary<string, Kind>
    {
        ["PublishMetricsRequest"] = Object(
            Must("metadata", Object(Must("cluster", S), Must("containerInstance", S), Must("messageId", S), Must("idle", B), Must("fin", B))),
            ("taskMetrics", List(Object(
                Must("taskArn", S), Must("taskDefinitionFamily", S), Must("taskDefinitionVersion", S),
                Must("containerMetrics", List(Object(
                    Must("containerName", S), ("containerArn", S), Must("cpuStatsSet", Stats), Must("memoryStatsSet", Stats),
                    ("storageStatsSet", Object(("readSizeBytes", LongStats), ("writeSizeBytes", LongStats))),
                    ("restartStatsSet", Object(Must("restartCount", L))))))))),
            Must("timestamp", D)),
        ["PublishHealthRequest"] = Object(
            Must("metadata", Object(Must("cluster", S), Must("containerInstance", S), Must("messageId", S), Must("fin", B))),
            Must("tasks", List(Object(
                Must("taskArn", S), Must("taskDefinitionFamily", S), Must("taskDefinitionVersion", S),
                Must("containers", List(Object(
                    Must("containerName", S), Must("healthStatus", OneOf("HEALTHY", "UNHEALTHY", "UNKNOWN")), ("statusSince", D), ("statusMessage", S))))))),
            Must("timestamp", D)),
        ["PublishInstanceStatusRequest"] = Object(
            Must("metadata", Object(Must("cluster", S), Must("containerInstance", S), Must("requestId", S))),
            Must("statuses", List(Object(
                Must("type", OneOf("ContainerRuntime")), Must("status", OneOf("OK", "IMPAIRED", "INSUFFICIENT_DATA", "INITIALIZING")),
                Must("lastUpdated", D), Must("lastStatusChange", D)))),
            Must("timestamp", D)),
    };

    /// <summary>Type and body of a frame; its faults go into the list.</summary>
    public static (string Type, JsonElement Body) Read(string frame, IReadOnlyDictionary<string, Kind> types, ICollection<string> faults)
    {
        using var document = JsonDocument.Parse(frame);
        var root = document.RootElement.Clone();
        var type = root.GetProperty("type").GetString()!;
        var body = root.GetProperty("message");
        if (types.TryGetValue(type, out var kind))
        {
            var found = new List<string>();
            kind.Check(body, type, found);
            found.ForEach(faults.Add);
        }
        else if (type != "NodeReportMessage")
        {
            faults.Add($"unknown type {type}");
        }
        return (type, body);
    }
}
