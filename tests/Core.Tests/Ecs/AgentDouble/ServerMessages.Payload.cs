using System.Text.Json;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

// §3.7 to §3.10: what makes the agent refuse a task, start it otherwise than meant, or crash.
internal static partial class ServerMessages
{
    private static readonly string[] ConfigMembers =
        ["User", "WorkingDir", "Hostname", "Labels", "OpenStdin", "Tty", "Healthcheck"];

    private static readonly string[] HostMembers =
    [
        "NetworkMode", "MemoryReservation", "MemorySwap", "MemorySwappiness", "Privileged", "ReadonlyRootfs", "Init", "ShmSize", "Dns", "DnsSearch",
        "ExtraHosts", "SecurityOpt", "Ulimits", "Sysctls", "LogConfig", "CapAdd", "CapDrop", "Devices", "Tmpfs", "PidMode", "IpcMode",
    ];

    private static void PayloadRules(JsonElement payload, List<string> faults)
    {
        Millis(payload, "generatedAt", faults);
        Expect(payload.GetProperty("tasks").GetArrayLength() == 1, "§10.9: one task in a payload", faults);
        foreach (var task in payload.GetProperty("tasks").EnumerateArray())
        {
            Expect(TaskArn().IsMatch(task.GetProperty("arn").GetString()!), "§3.8: arn is a task's ARN", faults);
            foreach (var name in new[] { "roleCredentials", "executionRoleCredentials" })
            {
                if (task.TryGetProperty(name, out var keys))
                {
                    CredentialRules(keys, faults);
                }
            }
            if (task.GetProperty("desiredStatus").GetString() == "RUNNING")
            {
                TaskRules(task, faults);
            }
        }
    }

    private static void TaskRules(JsonElement task, List<string> faults)
    {
        Expect(Text(task, "family").Length > 0, "§3.8: without a family there are no stats", faults);
        Expect(Text(task, "version").Length > 0, "§3.8: version is shown in metadata", faults);
        var containers = Items(task, "containers").ToArray();
        var volumes = Items(task, "volumes").ToArray();
        var names = containers.Select(c => Text(c, "name")).ToArray();
        Expect(containers.Length > 0, "§3.8: a task has containers", faults);
        Expect(names.Distinct().Count() == names.Length, "§3.9: names are unique in a task", faults);
        if (task.TryGetProperty("cpu", out var cpu))
        {
            Expect(cpu.GetDouble() is > 0 and <= 192, "§3.8: cpu is vCPU, not shares", faults);
        }
        foreach (var volume in volumes)
        {
            VolumeRules(volume, faults);
        }
        foreach (var container in containers)
        {
            ContainerRules(task, container, names, volumes.Select(v => Text(v, "name")).ToArray(), faults);
        }
    }

    private static void VolumeRules(JsonElement volume, List<string> faults)
    {
        switch (Text(volume, "type"))
        {
            case "" or "host":
                Expect(volume.TryGetProperty("host", out _), "§3.10: a host volume without host is a conversion error", faults);
                break;
            case "docker":
                var docker = volume.TryGetProperty("dockerVolumeConfiguration", out var found) ? found : default;
                Expect(docker.ValueKind == JsonValueKind.Object, "§3.10: a docker volume has dockerVolumeConfiguration", faults);
                Expect(docker.ValueKind != JsonValueKind.Object || Text(docker, "scope") != "task"
                    || !docker.TryGetProperty("autoprovision", out var provision) || !provision.GetBoolean(),
                    "§3.10: autoprovision must be false in task scope", faults);
                break;
        }
    }

    private static void ContainerRules(JsonElement task, JsonElement container, string[] names, string[] volumes, List<string> faults)
    {
        var at = $"container {Text(container, "name")}: ";
        var memory = container.TryGetProperty("memory", out var m) ? m.GetInt64() : 0;
        Expect(memory is 0 or >= 6, at + "§3.9: Docker refuses less than 6 MiB", faults);
        Expect(!task.TryGetProperty("memory", out var all) || all.GetInt64() >= memory, at + "§3.8: more memory than its task", faults);
        Expect(Items(container, "dependsOn").All(d => names.Contains(Text(d, "containerName"))), at + "§4.4: depends on an unknown container", faults);
        Expect(Items(container, "volumesFrom").All(d => names.Contains(Text(d, "sourceContainer"))), at + "§3.9: volumes of an unknown container", faults);
        Expect(Items(container, "mountPoints").All(p => volumes.Contains(Text(p, "sourceVolume"))), at + "§3.10: mounts an undeclared volume", faults);
        if (container.TryGetProperty("overrides", out var overrides))
        {
            using var parsed = JsonDocument.Parse(overrides.GetString()!);
            Expect(parsed.RootElement.EnumerateObject().All(o => o.Name == "command"), at + "§3.9: overrides knows command only", faults);
        }
        if (Text(container, "logsAuthStrategy").Length > 0)
        {
            Expect(task.TryGetProperty("executionRoleCredentials", out _), at + "§7.3: logsAuthStrategy without execution keys fails the container", faults);
        }
        if (container.TryGetProperty("registryAuthentication", out var login))
        {
            Expect(login.TryGetProperty(Text(login, "type") + "AuthData", out _), at + "§7.1: its data goes with the type", faults);
        }
        var docker = container.TryGetProperty("dockerConfig", out var d) ? d : default;
        var config = Docker(docker, "config", ConfigMembers, at, faults);
        var host = Docker(docker, "hostConfig", HostMembers, at, faults);
        DockerRules(task, config, host, at, faults);
        if (Text(container, "healthCheckType") == "docker")
        {
            Expect(config.ValueKind == JsonValueKind.Object && config.TryGetProperty("Healthcheck", out _), at + "§3.9: healthCheckType needs Healthcheck", faults);
        }
    }

    private static void DockerRules(JsonElement task, JsonElement config, JsonElement host, string at, List<string> faults)
    {
        if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty("Healthcheck", out var check))
        {
            foreach (var time in new[] { "Interval", "Timeout", "StartPeriod" })
            {
                Expect(!check.TryGetProperty(time, out var value) || value.GetInt64() == 0 || value.GetInt64() >= 1_000_000, at + $"§3.9: {time} is nanoseconds", faults);
            }
            Expect(Items(check, "Test").First().GetString() is "CMD" or "CMD-SHELL" or "NONE", at + "§3.9: Test begins with its kind", faults);
        }
        var mode = Text(task, "networkMode");
        Expect(mode is "" or "bridge" || (host.ValueKind == JsonValueKind.Object && Text(host, "NetworkMode") == mode),
            at + "§3.8: the network mode must be in hostConfig too", faults);
        if (host.ValueKind != JsonValueKind.Object)
        {
            return;
        }
        foreach (var bytes in new[] { "MemoryReservation", "ShmSize", "MemorySwap" })
        {
            Expect(!host.TryGetProperty(bytes, out var value) || value.GetInt64() >= 1024 * 1024, at + $"§3.9: {bytes} is bytes", faults);
        }
        if (host.TryGetProperty("LogConfig", out var log))
        {
            Expect(Text(log, "Type").Length > 0, at + "§7.3: LogConfig has a Type", faults);
            Expect(!log.TryGetProperty("Config", out var options) || options.EnumerateObject().All(o => o.Value.ValueKind == JsonValueKind.String),
                at + "§7.3: log options are strings", faults);
            Expect(Text(log, "Type") != "awslogs" || (log.GetProperty("Config").TryGetProperty("awslogs-group", out _)
                && log.GetProperty("Config").TryGetProperty("awslogs-region", out _) && !log.GetProperty("Config").TryGetProperty("awslogs-stream-prefix", out _)),
                at + "§7.3: the server expands awslogs' prefix and names group and region", faults);
        }
        foreach (var limit in Items(host, "Ulimits"))
        {
            Expect(Text(limit, "Name").Length > 0 && limit.GetProperty("Soft").TryGetInt64(out _) && limit.GetProperty("Hard").TryGetInt64(out _),
                at + "§3.9: Ulimits are {Name,Soft,Hard}", faults);
        }
    }

    private static JsonElement Docker(JsonElement docker, string name, string[] members, string at, List<string> faults)
    {
        if (docker.ValueKind != JsonValueKind.Object || !docker.TryGetProperty(name, out var text))
        {
            return default;
        }
        using var parsed = JsonDocument.Parse(text.GetString()!);
        var value = parsed.RootElement.Clone();
        foreach (var member in value.EnumerateObject())
        {
            Expect(members.Contains(member.Name), at + $"§3.9: {name}.{member.Name} is not among what is meant to be set", faults);
            Expect(member.Value.ValueKind != JsonValueKind.Null, at + $"§3.9: {name}.{member.Name} is null", faults);
        }
        return value;
    }

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static IEnumerable<JsonElement> Items(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) ? value.EnumerateArray() : [];
}
