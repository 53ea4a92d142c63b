using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Node.Engines;
using Longspan.Node.Injection;

namespace Longspan.Node.Tasks;

/// <summary>What containers are told about the node's own endpoints.</summary>
/// <param name="BaseUrl"><c>http://169.254.170.2</c>, or the listener's own address.</param>
internal sealed record ContainerEndpoints(string BaseUrl)
{
    public const string LinkLocal = "http://169.254.170.2";

    public bool IsLinkLocal => BaseUrl == LinkLocal;
}

/// <summary>
/// Turns a container of a task into what the engine is asked to create. Pure: the same task gives the same plan. The protocol's merge rule
/// holds: first the node's own objects from the typed members, then the <c>dockerConfig</c> texts decoded on top, then what the node
/// enforces whatever they said (labels, network, log driver of delivered logs).
/// </summary>
/// <param name="trust">For containers that call the server; null where they need none.</param>
internal sealed class ContainerPlanner(NodeSettings settings, ContainerEndpoints endpoints, ContainerTrust? trust)
{
    private const long MiB = 1024 * 1024;
    /// <summary>Docker refuses less.</summary>
    private const long LeastMemoryMib = 6;
    private const int LeastCpuShares = 2;
    private const string AwsLogs = "awslogs";
    private readonly NamespacePlan _namespaces = new(settings);

    /// <param name="parent">The cgroup around the task, if it has one.</param>
    /// <param name="values">What was fetched for the container.</param>
    public ContainerPlan Plan(SavedTask task, SavedContainer container, string? parent = null, ContainerValues? values = null)
    {
        values ??= ContainerValues.None;
        var definition = task.Definition(container);
        Refuse(definition);
        var config = Config(task, container, definition, values);
        var host = HostConfig(task, definition);
        MergeText(config, definition.DockerConfig?.Config, "config");
        MergeText(host, definition.DockerConfig?.HostConfig, "hostConfig");
        if (parent is not null)
        {
            host["CgroupParent"] = parent;
        }
        if (TrustOf(container, definition) is { } trusted)
        {
            host["Binds"] = Strings([.. (host["Binds"] as JsonArray ?? []).Select(bind => bind!.GetValue<string>()), trusted.Bind]);
        }

        var labels = config["Labels"] as JsonObject ?? [];
        config["Labels"] = labels;
        labels[EngineLabels.TaskArn] = task.Arn;
        labels[EngineLabels.ContainerName] = container.Name;
        labels[EngineLabels.Family] = task.Task.Family ?? "";
        labels[EngineLabels.Version] = task.Task.Version ?? "";
        labels[EngineLabels.Cluster] = task.Task.TaskClusterArn ?? settings.Cluster;
        if (LogOptions(definition) is not null)
        {
            // The node follows the container's output and delivers it; the engine only keeps a bounded file.
            host["LogConfig"] = new JsonObject
            {
                ["Type"] = "json-file", ["Config"] = new JsonObject { ["max-size"] = "16m", ["max-file"] = "4" },
            };
        }
        else if (values.LogOptions.Count > 0 && host["LogConfig"] is JsonObject log)
        {
            var options = log["Config"] as JsonObject ?? [];
            log["Config"] = options;
            foreach (var (name, value) in values.LogOptions)
            {
                options[name] = value;
            }
        }
        var plan = new ContainerPlan { Name = container.EngineName, Config = config, HostConfig = host };
        return _namespaces.Apply(plan, task, container, definition);
    }

    /// <summary>The options of a container whose output the node delivers to the log service; null for any other log driver.</summary>
    public static IReadOnlyDictionary<string, string>? LogOptions(AgentContainer definition)
    {
        if (definition.DockerConfig?.HostConfig is not { Length: > 0 } text)
        {
            return null;
        }
        var log = (Parse(text, "hostConfig"))["LogConfig"];
        return log?["Type"]?.GetValue<string>() == AwsLogs && log["Config"] is JsonObject options
            ? options.ToDictionary(o => o.Key, o => o.Value?.ToString() ?? "", StringComparer.Ordinal)
            : null;
    }

    /// <summary>What a container cannot do without and this node cannot give it: better not started than started wrongly.</summary>
    private static void Refuse(AgentContainer definition)
    {
        if (definition.FirelensConfiguration is not null)
        {
            throw new TaskFault("ResourceInitializationError", "this node does not support FireLens");
        }
    }

    private JsonObject Config(SavedTask task, SavedContainer container, AgentContainer definition, ContainerValues values)
    {
        var config = new JsonObject
        {
            ["Image"] = definition.Image,
            ["Env"] = NetworkOwner.Is(container) ? new JsonArray() : new JsonArray([.. Environment(task, container, definition, values).Select(e => JsonValue.Create($"{e.Key}={e.Value}"))]),
        };
        if ((CommandOverride(definition) ?? definition.Command) is { } command)
        {
            config["Cmd"] = Strings(command);
        }
        if (definition.EntryPoint is { } entryPoint)
        {
            config["Entrypoint"] = Strings(entryPoint);
        }
        if (definition.PortMappings is { Count: > 0 } mappings)
        {
            var exposed = new JsonObject();
            foreach (var key in mappings.SelectMany(PortRange.Keys))
            {
                exposed[key] = new JsonObject();
            }
            config["ExposedPorts"] = exposed;
        }
        return config;
    }

    private Dictionary<string, string> Environment(
        SavedTask task, SavedContainer container, AgentContainer definition, ContainerValues values)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in settings.ContainerEnvironment)
        {
            environment[key] = value;
        }
        environment["AWS_REGION"] = settings.Region;
        environment["AWS_DEFAULT_REGION"] = settings.Region;
        if (settings.ContainerEndpointUrl is { } url)
        {
            environment["AWS_ENDPOINT_URL"] = url;
        }
        if (TrustOf(container, definition) is not null)
        {
            foreach (var (key, value) in ContainerTrust.Environment)
            {
                environment[key] = value;
            }
        }
        foreach (var (key, value) in values.FromFiles.Concat(definition.Environment ?? new Dictionary<string, string>()).Concat(values.Secrets))
        {
            environment[key] = value;
        }
        environment["ECS_CONTAINER_METADATA_URI"] = $"{endpoints.BaseUrl}/v3/{container.MetadataId}";
        environment["ECS_CONTAINER_METADATA_URI_V4"] = $"{endpoints.BaseUrl}/v4/{container.MetadataId}";
        environment["ECS_AGENT_URI"] = $"{endpoints.BaseUrl}/api/{container.MetadataId}";
        if (task.RoleCredentialsId is { } id)
        {
            var path = $"/v2/credentials/{id}";
            environment[endpoints.IsLinkLocal ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI"] =
                endpoints.IsLinkLocal ? path : endpoints.BaseUrl + path;
        }
        return environment;
    }

    // A container with something of its own in that place keeps it.
    private ContainerTrust? TrustOf(SavedContainer container, AgentContainer definition) =>
        NetworkOwner.Is(container) || definition.MountPoints?.Any(mount => mount.ContainerPath?.TrimEnd('/') == ContainerTrust.MountPath) == true ? null : trust;

    private JsonObject HostConfig(SavedTask task, AgentContainer definition)
    {
        var host = new JsonObject { ["CpuShares"] = Math.Max(LeastCpuShares, definition.Cpu ?? 0) };
        var memory = definition.Memory is > 0 ? definition.Memory.Value : task.Task.Memory ?? 0;
        if (memory > 0)
        {
            host["Memory"] = Math.Max(memory, LeastMemoryMib) * MiB;
        }
        if (task.Task.Cpu is > 0 and var cores)
        {
            // The bound of the whole task, on each of its containers: none can take more than the task was given.
            host["NanoCpus"] = (long)(cores * 1_000_000_000);
        }
        var binds = Binds(task, definition);
        if (binds.Count > 0)
        {
            host["Binds"] = Strings(binds);
        }
        if (definition.VolumesFrom is { Count: > 0 } from)
        {
            host["VolumesFrom"] = Strings(from.Select(v =>
                task.Container(v.SourceContainer!).EngineName + (v.ReadOnly == true ? ":ro" : "")));
        }
        if (settings.ContainerHosts.Count > 0)
        {
            host["ExtraHosts"] = Strings(settings.ContainerHosts);
        }
        return host;
    }

    private static List<string> Binds(SavedTask task, AgentContainer definition)
    {
        var binds = new List<string>();
        foreach (var mount in definition.MountPoints ?? [])
        {
            var volume = task.Task.Volumes?.FirstOrDefault(v => v.Name == mount.SourceVolume)
                ?? throw new TaskFault("HostConfigError", $"Invalid volume referenced: {mount.SourceVolume}");
            var source = volume.Host?.SourcePath is { Length: > 0 } path && volume.Type is null or "host" ? volume.Host!.SourcePath!
                : task.Volumes.GetValueOrDefault(volume.Name!) ?? volume.Name!;
            binds.Add($"{source}:{mount.ContainerPath}{(mount.ReadOnly == true ? ":ro" : "")}");
        }
        return binds;
    }

    private static IReadOnlyList<string>? CommandOverride(AgentContainer definition)
    {
        if (definition.Overrides is not { Length: > 0 } text)
        {
            return null;
        }
        return Parse(text, "overrides")["command"] is JsonArray command ? [.. command.Select(c => c!.GetValue<string>())] : null;
    }

    internal static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);

    internal static void MergeText(JsonObject target, string? text, string name)
    {
        if (text is { Length: > 0 })
        {
            Merge(target, Parse(text, name));
        }
    }

    private static void Merge(JsonObject target, JsonObject over)
    {
        foreach (var (key, value) in over)
        {
            var own = target.FirstOrDefault(t => t.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Key ?? key;
            if (value is JsonObject inner && target[own] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else if (value is not null)
            {
                target[own] = value.DeepClone();
            }
        }
    }

    private static JsonObject Parse(string text, string name)
    {
        try
        {
            return UntrustedJson.ParseObject(text) ?? throw new TaskFault("DockerClientConfigError", $"{name} is not an object");
        }
        catch (JsonException e)
        {
            throw new TaskFault("DockerClientConfigError", $"{name} is not JSON: {e.Message}");
        }
    }
}

/// <summary>Why a container or task cannot go on, by the protocol's error names.</summary>
internal sealed class TaskFault(string name, string text) : Exception($"{name}: {text}");
