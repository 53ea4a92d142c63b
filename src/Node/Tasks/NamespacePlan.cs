using System.Globalization;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Node.Engines;

namespace Longspan.Node.Tasks;

/// <summary>Which network, process and IPC namespaces a container of a task lives in, and which of its ports the host publishes.</summary>
internal sealed class NamespacePlan(NodeSettings settings)
{
    private static readonly string[] s_names = ["ExtraHosts", "Dns", "DnsSearch"];

    public ContainerPlan Apply(ContainerPlan plan, SavedTask task, SavedContainer container, AgentContainer definition)
    {
        var owner = NetworkOwner.IsIn(task.Task) ? task.Container(NetworkOwner.Name).EngineName : null;
        var isOwner = NetworkOwner.Is(container);
        Share(plan.HostConfig, "PidMode", task.Task.PidMode, isOwner ? null : owner);
        Share(plan.HostConfig, "IpcMode", task.Task.IpcMode, isOwner ? null : owner);
        if (isOwner && task.Task.IpcMode == "task")
        {
            plan.HostConfig["IpcMode"] = "shareable";
        }
        switch (task.Task.NetworkMode)
        {
            case "host" or "none":
                plan.HostConfig["NetworkMode"] = isOwner ? "none" : task.Task.NetworkMode;
                return plan;
            case "awsvpc" when owner is not null && !isOwner:
                plan.HostConfig["NetworkMode"] = $"container:{owner}";
                // These belong to the owner of the namespace, which got them from its containers; the engine refuses them here.
                foreach (var member in s_names)
                {
                    plan.HostConfig.Remove(member);
                }
                plan.Config.Remove("ExposedPorts");
                plan.Config.Remove("Hostname");
                return plan;
            case "awsvpc":
                if (isOwner)
                {
                    Gather(plan.HostConfig, task.Task);
                }
                plan.HostConfig["NetworkMode"] = settings.Network ?? "bridge";
                return settings.Network is null ? plan : plan with { Network = settings.Network };
            default:
                return isOwner ? Alone(plan) : Bridged(plan, task, container, definition);
        }
    }

    // An owner that only lends its process or IPC namespace has no use for a network.
    private static ContainerPlan Alone(ContainerPlan plan)
    {
        plan.HostConfig["NetworkMode"] = "none";
        return plan;
    }

    private static void Share(JsonObject host, string member, string? mode, string? owner)
    {
        switch (mode)
        {
            case "host":
                host[member] = "host";
                break;
            case "none":
                host[member] = "private";
                break;
            case "task" when owner is not null:
                host[member] = $"container:{owner}";
                break;
        }
    }

    /// <summary>Containers of one network namespace have one resolver: the owner takes what all of them ask for, without repetition.</summary>
    private static void Gather(JsonObject host, AgentTask task)
    {
        foreach (var member in s_names)
        {
            var values = (host[member] as JsonArray ?? []).Select(v => v!.GetValue<string>()).ToList();
            foreach (var text in (task.Containers ?? []).Select(c => c.DockerConfig?.HostConfig).OfType<string>())
            {
                var own = new JsonObject();
                ContainerPlanner.MergeText(own, text, "hostConfig");
                values.AddRange((own[member] as JsonArray ?? []).Select(v => v!.GetValue<string>()));
            }
            if (values.Count > 0)
            {
                host[member] = ContainerPlanner.Strings(values.Distinct(StringComparer.Ordinal));
            }
        }
    }

    private ContainerPlan Bridged(ContainerPlan plan, SavedTask task, SavedContainer container, AgentContainer definition)
    {
        Publish(plan.HostConfig, container, definition);
        plan.HostConfig["NetworkMode"] = settings.Network ?? "bridge";
        var links = (definition.Links ?? []).Select(l => l.Split(':', 2)).Select(l => $"{task.Container(l[0]).EngineName}:{l[^1]}").ToList();
        if (settings.Network is not null)
        {
            return plan with { Network = settings.Network, Links = links };
        }
        if (links.Count > 0)
        {
            plan.HostConfig["Links"] = ContainerPlanner.Strings(links);
        }
        return plan;
    }

    private void Publish(JsonObject host, SavedContainer container, AgentContainer definition)
    {
        if (definition.PortMappings is not { Count: > 0 } mappings)
        {
            return;
        }
        var bindings = host["PortBindings"] as JsonObject ?? [];
        host["PortBindings"] = bindings;
        foreach (var mapping in mappings)
        {
            var first = mapping.HostPort is > 0 ? mapping.HostPort
                : mapping.ContainerPortRange is { } range && container.HostRanges.TryGetValue(PortRange.Key(range, mapping.Protocol), out var chosen) ? chosen : null;
            foreach (var (key, offset) in PortRange.Keys(mapping).Select((k, i) => (k, i)))
            {
                bindings[key] = new JsonArray(new JsonObject
                {
                    ["HostIp"] = settings.PublishAddress, ["HostPort"] = first is null ? "" : (first.Value + offset).ToString(CultureInfo.InvariantCulture),
                });
            }
        }
    }
}
