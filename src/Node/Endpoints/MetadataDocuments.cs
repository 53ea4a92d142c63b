using System.Globalization;
using System.Text.Json.Nodes;
using Longspan.Node.Engines;
using Longspan.Node.Tasks;

namespace Longspan.Node.Endpoints;

/// <summary>Task metadata as version 4 spells it; version 3 is the same with fewer members.</summary>
internal sealed class MetadataDocuments(NodeSettings settings, ContainerEngine engine, Control.SavedInstance? instance, bool isV4)
{
    public async Task<JsonObject> TaskAsync(TaskRunner runner, CancellationToken stop)
    {
        var task = runner.Task;
        var containers = new JsonArray();
        foreach (var container in task.Containers.Where(c => !NetworkOwner.Is(c)))
        {
            containers.Add(await ContainerAsync(runner, container, stop));
        }
        var document = new JsonObject
        {
            ["Cluster"] = task.Task.TaskClusterArn ?? settings.Cluster,
            ["TaskARN"] = task.Arn,
            ["Family"] = task.Task.Family,
            ["Revision"] = task.Task.Version,
            ["ServiceName"] = task.Task.ServiceName,
            ["DesiredStatus"] = runner.StopWanted ? "STOPPED" : "RUNNING",
            ["KnownStatus"] = task.Known.ToString().ToUpperInvariant(),
            ["Limits"] = Limits(task.Task.Cpu, task.Task.Memory),
            ["PullStartedAt"] = Moment(task.PullStartedAt),
            ["PullStoppedAt"] = Moment(task.PullStoppedAt),
            ["ExecutionStoppedAt"] = Moment(task.ExecutionStoppedAt),
            ["AvailabilityZone"] = instance?.AvailabilityZone,
            ["Containers"] = containers,
        };
        if (isV4)
        {
            document["LaunchType"] = task.Task.LaunchType;
        }
        return Compact(document);
    }

    public async Task<JsonObject> ContainerAsync(TaskRunner runner, SavedContainer container, CancellationToken stop)
    {
        var definition = runner.Task.Definition(container);
        var view = container.EngineId is { } id ? await engine.InspectAsync(id, stop) : null;
        var labels = new JsonObject();
        foreach (var (key, value) in view?.Labels ?? new Dictionary<string, string>())
        {
            labels[key] = value;
        }
        var document = new JsonObject
        {
            ["DockerId"] = container.EngineId,
            ["Name"] = container.Name,
            ["DockerName"] = container.EngineName,
            ["Image"] = definition.Image,
            ["ImageID"] = container.ImageId,
            ["Ports"] = Ports(container),
            ["Labels"] = labels,
            ["DesiredStatus"] = runner.StopWanted ? "STOPPED" : "RUNNING",
            ["KnownStatus"] = container.Stage.ToString().ToUpperInvariant(),
            ["ExitCode"] = container.Stage == Stage.Stopped ? container.ExitCode : null,
            ["Limits"] = Limits(definition.Cpu, definition.Memory),
            ["CreatedAt"] = Moment(container.CreatedAt),
            ["StartedAt"] = Moment(container.StartedAt),
            ["FinishedAt"] = Moment(container.FinishedAt),
            ["Type"] = "NORMAL",
            ["Health"] = Health(container),
            ["RestartCount"] = definition.RestartPolicy is { Enabled: true } ? container.Restarts : null,
            ["Networks"] = Networks(runner.Task, view),
            ["Volumes"] = Volumes(view),
        };
        if (isV4)
        {
            document["ContainerARN"] = definition.ContainerArn;
            var options = ContainerPlanner.LogOptions(definition);
            document["LogDriver"] = options is null ? "json-file" : "awslogs";
            document["LogOptions"] = new JsonObject((options ?? new Dictionary<string, string>())
                .Select(o => KeyValuePair.Create<string, JsonNode?>(o.Key, o.Value)));
        }
        return Compact(document);
    }

    public async Task<string> StatsAsync(SavedContainer container, CancellationToken stop) =>
        (container.EngineId is { } id ? await engine.ReadRawStatsAsync(id, stop) : null) ?? "null";

    public async Task<JsonObject> TaskStatsAsync(TaskRunner runner, CancellationToken stop)
    {
        var all = new JsonObject();
        foreach (var container in runner.Task.Containers.Where(c => c.EngineId is not null && !NetworkOwner.Is(c)))
        {
            all[container.EngineId!] = JsonNode.Parse(await StatsAsync(container, stop));
        }
        return all;
    }

    private static JsonObject? Health(SavedContainer container) => container.Health == HealthState.None ? null : Compact(new JsonObject
    {
        ["status"] = container.Health switch { HealthState.Healthy => "HEALTHY", HealthState.Unhealthy => "UNHEALTHY", _ => "UNKNOWN" },
        ["statusSince"] = Moment(container.HealthSince),
        ["output"] = container.HealthOutput,
    });

    private JsonArray? Ports(SavedContainer container) => container.Bindings.Count == 0 ? null : [.. container.Bindings.Select(b =>
    {
        var port = new JsonObject { ["ContainerPort"] = b.ContainerPort, ["Protocol"] = b.Protocol, ["HostPort"] = b.HostPort };
        if (isV4)
        {
            port["HostIp"] = b.BindIp;
        }
        return (JsonNode)port;
    })];

    private static JsonArray? Networks(SavedTask task, ContainerView? view) => view is null ? null : new JsonArray(Compact(new JsonObject
    {
        ["NetworkMode"] = task.Task.NetworkMode ?? "bridge",
        ["IPv4Addresses"] = view.IpAddress is { Length: > 0 } address ? new JsonArray(address) : null,
        ["MACAddress"] = view.MacAddress is { Length: > 0 } mac ? mac : null,
    }));

    private static JsonArray? Volumes(ContainerView? view) => view is not { Mounts.Count: > 0 } ? null : [.. view.Mounts.Select(m =>
        (JsonNode)Compact(new JsonObject { ["DockerName"] = m.Name, ["Source"] = m.Source, ["Destination"] = m.Destination }))];

    private static JsonObject Limits(double? cpu, long? memory) => Compact(new JsonObject { ["CPU"] = cpu, ["Memory"] = memory });

    private static string? Moment(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    private static JsonObject Compact(JsonObject document)
    {
        foreach (var empty in document.Where(m => m.Value is null).Select(m => m.Key).ToList())
        {
            document.Remove(empty);
        }
        return document;
    }
}
