using System.Text.Json.Serialization;
using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Microsoft.Extensions.Logging;
using KeyValuePair = System.Collections.Generic.KeyValuePair;

namespace Longspan.Node.Control;

/// <summary>What the cluster knows this node as.</summary>
internal sealed record SavedInstance(string ContainerInstanceArn, string Cluster, string? AvailabilityZone);

[JsonSerializable(typeof(SavedInstance))]
internal sealed partial class SavedInstanceJson : JsonSerializerContext;

/// <summary>The server will not have this node; asking again cannot help.</summary>
internal sealed class RegistrationRefusedException(string message) : Exception(message);

/// <summary>RegisterContainerInstance: for the first time, or again under the saved ARN after each start.</summary>
internal sealed class InstanceRegistration(NodeSettings settings, StateFolder state, ControlPlane server, ILogger log)
{
    private const string FileName = "instance.json";

    public SavedInstance? Saved { get; private set; } = Load(settings, state);

    private static SavedInstance? Load(NodeSettings settings, StateFolder state)
    {
        var saved = StateFolder.Read(state.File(FileName), SavedInstanceJson.Default.SavedInstance);
        return saved?.Cluster == settings.Cluster ? saved : null;
    }

    /// <summary>Retries until the server has answered; forever, because a node may be started long before its server.</summary>
    public async Task<SavedInstance> RegisterAsync(EngineDescription engine, CancellationToken stop)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), settings.RetryLimit);
        var token = NodeIds.Uuid();
        string? told = null;
        while (true)
        {
            try
            {
                return await TryAsync(engine, token, stop);
            }
            catch (AwsError e) when (e.Code is "InvalidParameterException" or "ClientException" && Saved is null)
            {
                throw new RegistrationRefusedException($"the server refused to register this node: {e.Message}");
            }
            catch (AwsError e) when (e.Code is "InvalidParameterException" or "ClientException")
            {
                log.LogWarning("The server does not know {Arn} any more ({Message}); registering anew", Saved!.ContainerInstanceArn, e.Message);
                Saved = null;
                token = NodeIds.Uuid();
            }
            catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
            {
                if (told != e.Message)
                {
                    told = e.Message;
                    log.LogWarning("Cannot register with {Endpoint} yet: {Message}; trying again", settings.Endpoint, e.Message);
                }
                await Task.Delay(backoff.Next(), settings.Time, stop);
            }
        }
    }

    private async Task<SavedInstance> TryAsync(EngineDescription engine, string token, CancellationToken stop)
    {
        var answer = await server.RegisterAsync(Request(engine, token), stop);
        var arn = answer.ContainerInstance?.ContainerInstanceArn ?? throw new InvalidDataException("the server answered without an ARN");
        var zone = answer.ContainerInstance.Attributes?.FirstOrDefault(a => a.Name == "ecs.availability-zone")?.Value;
        var saved = new SavedInstance(Saved?.ContainerInstanceArn ?? arn, settings.Cluster, zone);
        StateFolder.Write(state.File(FileName), saved, SavedInstanceJson.Default.SavedInstance);
        Saved = saved;
        log.LogInformation("Registered as {Arn}", saved.ContainerInstanceArn);
        return saved;
    }

    private RegisterContainerInstanceRequest Request(EngineDescription engine, string token) => new()
    {
        Cluster = settings.Cluster,
        ContainerInstanceArn = Saved?.ContainerInstanceArn,
        InstanceIdentityDocument = "",
        InstanceIdentityDocumentSignature = "",
        ClientToken = token,
        // The protocol's agent sends no versions here; ours may, and it saves the server a guess.
        VersionInfo = new VersionInfo { AgentVersion = NodeAgent.Version, DockerVersion = $"DockerVersion: {engine.Version}" },
        Attributes = [.. Capabilities(engine).Concat(Custom())],
        TotalResources =
        [
            new Resource { Name = "CPU", Type = "INTEGER", IntegerValue = CpuOf(engine) },
            new Resource { Name = "MEMORY", Type = "INTEGER", IntegerValue = MemoryOf(engine) },
            new Resource { Name = "PORTS", Type = "STRINGSET", StringSetValue = [.. settings.ReservedPorts.Select(p => p.ToString())] },
            new Resource { Name = "PORTS_UDP", Type = "STRINGSET", StringSetValue = [] },
        ],
    };

    public int CpuOf(EngineDescription engine) =>
        Left("CPU units", settings.CpuUnits ?? engine.CpuCount * 1024, settings.ReservedCpuUnits);

    public int MemoryOf(EngineDescription engine) =>
        Left("MiB of memory", settings.MemoryMib ?? (int)(engine.MemoryBytes / (1024 * 1024)), settings.ReservedMemoryMib);

    private static int Left(string what, int all, int reserved) => all - reserved is > 0 and var left
        ? left : throw new InvalidDataException($"{reserved} {what} are reserved of {all}: nothing is left for tasks");

    private IEnumerable<EcsAttribute> Custom() => settings.Attributes
        .Append(KeyValuePair.Create(NodeCapability.Name, settings.Name))
        .Append(KeyValuePair.Create(NodeCapability.Node, NodeCapability.Version))
        .Append(KeyValuePair.Create("ecs.os-type", "linux"))
        .Append(KeyValuePair.Create("ecs.os-family", "LINUX"))
        .Append(KeyValuePair.Create("ecs.cpu-architecture", HostFacts.Architecture))
        .DistinctBy(a => a.Key)
        .Select(a => new EcsAttribute { Name = a.Key, Value = a.Value });

    // Drivers of ECS that the engine may have; json-file, none and awslogs are there in any case, the last of the node's own making.
    private static readonly string[] s_logDrivers = ["syslog", "journald", "gelf", "fluentd", "logentries", "splunk"];

    private IEnumerable<EcsAttribute> Capabilities(EngineDescription engine)
    {
        string[] names =
        [
            .. Enumerable.Range(17, 16).Where(v => v is not (26 or 27 or 31)).Select(v => $"com.amazonaws.ecs.capability.docker-remote-api.1.{v}"),
            "com.amazonaws.ecs.capability.privileged-container", "com.amazonaws.ecs.capability.logging-driver.json-file",
            "com.amazonaws.ecs.capability.logging-driver.none", "com.amazonaws.ecs.capability.logging-driver.awslogs",
            "com.amazonaws.ecs.capability.task-iam-role", "com.amazonaws.ecs.capability.task-iam-role-network-host",
            "com.amazonaws.ecs.capability.ecr-auth", "ecs.capability.execution-role-ecr-pull", "ecs.capability.ecr-endpoint",
            "ecs.capability.execution-role-awslogs", "ecs.capability.container-ordering", "ecs.capability.container-health-check",
            "ecs.capability.container-restart-policy", "ecs.capability.network.container-port-range", "ecs.capability.task-cpu-mem-limit",
            "ecs.capability.increased-task-cpu-limit", "ecs.capability.full-sync", "ecs.capability.docker-plugin.local",
            "ecs.capability.task-eni", "ecs.capability.secrets.ssm.environment-variables", "ecs.capability.secrets.ssm.bootstrap.log-driver",
            "ecs.capability.secrets.asm.environment-variables", "ecs.capability.secrets.asm.bootstrap.log-driver",
            "ecs.capability.private-registry-authentication.secretsmanager", "ecs.capability.env-files.s3", "ecs.capability.pid-ipc-namespace-sharing", NodeCapability.LogSpool, NodeCapability.OfflineAssignment,
            NodeCapability.OfflineCredentials,
        ];
        // Cloud capacity is the platform's own; only machines that joined by activation are external.
        return names.Concat(engine.LogDrivers.Intersect(s_logDrivers).Select(d => "com.amazonaws.ecs.capability.logging-driver." + d))
            .Concat(engine.SecurityModules.Select(m => "com.amazonaws.ecs.capability." + m))
            .Concat(settings.IsExternal ? ["ecs.capability.external"] : [])
            .Select(n => new EcsAttribute { Name = n });
    }
}
