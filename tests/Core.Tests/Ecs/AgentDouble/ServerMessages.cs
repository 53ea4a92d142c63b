using System.Text.Json;
using System.Text.RegularExpressions;
using static Longspan.Core.Tests.Ecs.AgentDouble.Kind;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>Every message that a server may send, and the rules that a schema cannot say. Each fault names the section that it is against.</summary>
internal static partial class ServerMessages
{
    private static Member Must(string name, Kind of) => new(name, of, true);

    private static readonly Kind Credentials = Object(
        Must("credentialsId", S), Must("roleArn", S), Must("accessKeyId", S), Must("secretAccessKey", S), Must("sessionToken", S),
        Must("expiration", S), ("credentialScope", S));

    private static readonly Kind Identifier = Object(
        Must("taskArn", S), ("taskClusterArn", S), Must("desiredStatus", OneOf("RUNNING", "STOPPED")));

    private static readonly Kind Container = Object(
        Must("name", S), Must("image", S), ("essential", B), ("cpu", L), ("memory", L), ("command", List(S)), ("entryPoint", List(S)),
        ("environment", Map()), ("environmentFiles", List(Object(Must("value", S), Must("type", OneOf("s3"))))), ("overrides", S),
        ("portMappings", List(Object(("containerPort", L), ("hostPort", L), ("containerPortRange", S), ("protocol", OneOf("tcp", "udp"))))),
        ("links", List(S)),
        ("mountPoints", List(Object(Must("sourceVolume", S), Must("containerPath", S), ("readOnly", B)))),
        ("volumesFrom", List(Object(Must("sourceContainer", S), ("readOnly", B)))),
        ("dependsOn", List(Object(Must("containerName", S), Must("condition", OneOf("START", "COMPLETE", "SUCCESS", "HEALTHY"))))),
        ("startTimeout", L), ("stopTimeout", L), ("healthCheckType", OneOf("docker")), ("logsAuthStrategy", OneOf("ExecutionRole")),
        ("registryAuthentication", Object(
            Must("type", OneOf("ecr", "asm")),
            ("ecrAuthData", Object(Must("registryId", S), Must("region", S), ("endpointOverride", S), ("useExecutionRole", B))),
            ("asmAuthData", Object(Must("credentialsParameter", S), Must("region", S))))),
        ("secrets", List(Object(
            Must("name", S), Must("valueFrom", S), Must("region", S), ("containerPath", S),
            Must("type", OneOf("ENVIRONMENT_VARIABLE", "MOUNT_POINT", "BOOTSTRAP")), Must("provider", OneOf("ssm", "asm")),
            ("target", OneOf("CONTAINER", "LOG_DRIVER"))))),
        ("restartPolicy", Object(Must("enabled", B), ("ignoredExitCodes", List(L)), ("restartAttemptPeriod", L))),
        ("firelensConfiguration", Object(Must("type", OneOf("fluentd", "fluentbit")), ("options", Map()))),
        ("managedAgents", List(Object(Must("name", S), ("properties", Map())))),
        ("containerArn", S), ("dockerConfig", Object(("version", S), ("config", S), ("hostConfig", S))), ("credentialSpecs", List(S)));

    private static readonly Kind Volume = Object(
        Must("name", S), ("type", OneOf("host", "docker", "efs")), ("host", Object(("sourcePath", S))),
        ("dockerVolumeConfiguration", Object(
            Must("scope", OneOf("task", "shared")), ("autoprovision", B), ("driver", S), ("driverOpts", Map()), ("labels", Map()))),
        ("efsVolumeConfiguration", Object(
            Must("fileSystemId", S), ("rootDirectory", S), ("transitEncryption", S), ("transitEncryptionPort", L),
            ("authorizationConfig", Object(("accessPointId", S), ("iam", S))))));

    private static readonly Kind Task = Object(
        Must("arn", S), Must("desiredStatus", OneOf("RUNNING", "STOPPED")), ("family", S), ("version", S), ("containers", List(Container)),
        ("volumes", List(Volume)), ("cpu", D), ("memory", L), ("networkMode", OneOf("bridge", "host", "none")),
        ("pidMode", OneOf("host", "task")), ("ipcMode", OneOf("host", "task", "none")), ("launchType", OneOf("EXTERNAL", "EC2")),
        ("serviceName", S), ("roleCredentials", Credentials), ("executionRoleCredentials", Credentials),
        ("associations", List(Object(
            Must("name", S), Must("type", OneOf("gpu", "elastic-inference")), ("content", Object(("value", S), ("encoding", S))), ("containers", List(S))))),
        ("attachments", List(Object(
            ("attachmentArn", S), Must("attachmentType", S), ("attachmentStatus", S),
            ("attachmentProperties", List(Object(Must("name", S), ("value", S))))))),
        ("enableFaultInjection", B), ("taskClusterArn", S), ("overrides", S), ("zone", S), ("taskDefinitionAccountId", S), ("agentConfiguration", S));

    /// <summary>Message types of the control socket, §3.6.</summary>
    public static readonly IReadOnlyDictionary<string, Kind> Control = new Dictionary<string, Kind>
    {
        ["HeartbeatMessage"] = Object(Must("messageId", S), Must("healthy", B)),
        ["PayloadMessage"] = Object(
            Must("clusterArn", S), Must("containerInstanceArn", S), Must("messageId", S), Must("tasks", List(Task)), ("seqNum", L), ("generatedAt", L)),
        ["IAMRoleCredentialsMessage"] = Object(
            Must("messageId", S), Must("taskArn", S), ("taskClusterArn", S), Must("roleType", OneOf("TaskApplication", "TaskExecution")),
            Must("roleCredentials", Credentials)),
        ["TaskManifestMessage"] = Object(
            Must("messageId", S), ("clusterArn", S), ("containerInstanceArn", S), Must("timeline", L), Must("tasks", List(Identifier)), ("generatedAt", L)),
        ["TaskStopVerificationAck"] = Object(Must("messageId", S), ("generatedAt", L), Must("stopTasks", List(Identifier))),
    };

    /// <summary>Message types of the telemetry socket, §6.3.</summary>
    public static readonly IReadOnlyDictionary<string, Kind> Telemetry = new Dictionary<string, Kind>
    {
        ["AckPublishMetric"] = Object(Must("message", S)),
        ["AckPublishHealth"] = Object(Must("message", S)),
        ["AckPublishInstanceStatus"] = Object(Must("message", S)),
        ["HeartbeatMessage"] = Object(Must("healthy", B)),
        ["StopTelemetrySessionMessage"] = Object(Must("message", S)),
    };

    /// <summary>The faults of one text frame; none means that every agent understands it.</summary>
    public static List<string> FaultsOf(string frame, IReadOnlyDictionary<string, Kind> types, string section, out string type, out JsonElement body)
    {
        var faults = new List<string>();
        (type, body) = ("", default);
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(frame);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            return [$"§3.3: not JSON: {e.Message}"];
        }
        if (root.ValueKind != JsonValueKind.Object || root.EnumerateObject().Count() != 2
            || !root.TryGetProperty("type", out var name) || !root.TryGetProperty("message", out body))
        {
            return ["§3.3: the envelope is not {\"type\",\"message\"}"];
        }
        type = name.GetString() ?? "";
        if (!types.TryGetValue(type, out var kind))
        {
            return [$"{section}: unknown type {type}"];
        }
        kind.Check(body, $"{section} {type}", faults);
        if (faults.Count > 0)
        {
            return faults;
        }
        switch (type)
        {
            case "PayloadMessage":
                PayloadRules(body, faults);
                break;
            case "TaskManifestMessage":
                Millis(body, "generatedAt", faults);
                Expect(body.GetProperty("timeline").GetInt64() > 0, "§3.11: timeline must rise above 0", faults);
                Expect(body.GetProperty("tasks").EnumerateArray().All(t => t.GetProperty("desiredStatus").GetString() == "RUNNING"),
                    "§3.11: the manifest lists what should run", faults);
                break;
            case "IAMRoleCredentialsMessage":
                CredentialRules(body.GetProperty("roleCredentials"), faults);
                break;
            case "TaskStopVerificationAck":
                Expect(body.GetProperty("stopTasks").EnumerateArray().All(t => t.GetProperty("desiredStatus").GetString() == "STOPPED"),
                    "§3.11: confirmed tasks are STOPPED", faults);
                break;
        }
        return faults;
    }

    private static void Expect(bool holds, string otherwise, List<string> faults)
    {
        if (!holds)
        {
            faults.Add(otherwise);
        }
    }

    private static void Millis(JsonElement body, string name, List<string> faults)
    {
        if (body.TryGetProperty(name, out var value))
        {
            // Seconds would be a thousand times less.
            Expect(value.GetInt64() > 1_000_000_000_000, $"§3.6: {name} is milliseconds", faults);
        }
    }

    private static void CredentialRules(JsonElement keys, List<string> faults)
    {
        Expect(RfcTime().IsMatch(keys.GetProperty("expiration").GetString()!), "§3.8: expiration is RFC 3339 UTC without a fraction", faults);
        Expect(keys.GetProperty("credentialsId").GetString()!.Length >= 32, "§5.2: credentialsId must not be guessable", faults);
        Expect(keys.GetProperty("roleArn").GetString()!.StartsWith("arn:", StringComparison.Ordinal), "§3.8: roleArn is an ARN", faults);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    private static partial Regex RfcTime();

    [GeneratedRegex("^arn:[a-z-]+:ecs:[^:]+:[0-9]{12}:task/.+/[0-9a-f-]+$")]
    private static partial Regex TaskArn();
}
