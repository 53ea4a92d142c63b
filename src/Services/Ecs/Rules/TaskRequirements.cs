using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// What a definition needs of an instance. Agents announce their capabilities as attributes, so whatever only some nodes can do is a
/// required attribute: placement then finds a node that can, or says <c>ATTRIBUTE</c>.
/// </summary>
internal static class TaskRequirements
{
    private const string Old = "com.amazonaws.ecs.capability.";
    private const string New = "ecs.capability.";
    private const string Api = Old + "docker-remote-api.";
    public const string EnvironmentFiles = New + "env-files.s3";

    public static IEnumerable<string> Attributes(TaskDefinition definition)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        if (definition.TaskRoleArn is not null)
        {
            names.Add(Old + "task-iam-role" + (definition.NetworkMode == "host" ? "-network-host" : ""));
            names.Add(Api + "1.17");
        }
        if (definition.NetworkMode == "awsvpc")
        {
            names.Add(New + "task-eni");
            names.Add(Api + "1.18");
        }
        if (definition.PidMode is not null || definition.IpcMode is not null)
        {
            names.Add(New + "pid-ipc-namespace-sharing");
        }
        if (definition.EnableFaultInjection is true)
        {
            names.Add(New + "fault-injection");
        }
        // Sizes that only Fargate asks for are no demand on the instance; on others the agent makes a cgroup of them.
        if ((definition.Cpu ?? definition.Memory) is not null && definition.RequiresCompatibilities is not [LaunchTypes.Fargate])
        {
            names.Add(New + "task-cpu-mem-limit");
        }
        foreach (var docker in (definition.Volumes ?? []).Select(v => v.DockerVolumeConfiguration).OfType<DockerVolumeConfiguration>())
        {
            names.Add(New + "docker-plugin." + (docker.Driver ?? "local").Replace(':', '.'));
        }
        foreach (var container in definition.ContainerDefinitions ?? [])
        {
            names.UnionWith(Attributes(container, definition));
        }
        return names;
    }

    private static IEnumerable<string> Attributes(ContainerDefinition container, TaskDefinition definition)
    {
        var needed = new (bool If, string Name)[]
        {
            (container.Privileged is true, Old + "privileged-container"),
            (container.MemoryReservation is not null, Api + "1.21"),
            (container.Ulimits is { Count: > 0 }, Api + "1.18"),
            (container.LinuxParameters?.InitProcessEnabled is true, Api + "1.25"),
            (container.LinuxParameters?.Tmpfs is { Count: > 0 } || container.LinuxParameters?.SharedMemorySize is not null, Api + "1.22"),
            (container.HealthCheck is not null, New + "container-health-check"),
            (container.HealthCheck is not null, Api + "1.24"),
            (container.DependsOn is { Count: > 0 }, New + "container-ordering"),
            (container.RestartPolicy?.Enabled is true, New + "container-restart-policy"),
            (container.EnvironmentFiles is { Count: > 0 }, EnvironmentFiles),
            (container.PortMappings?.Any(p => p.ContainerPortRange is not null) is true, New + "network.container-port-range"),
            (container.RepositoryCredentials is not null, New + "private-registry-authentication.secretsmanager"),
            (IsEcr(container.Image), Old + "ecr-auth"),
            (IsEcr(container.Image) && definition.ExecutionRoleArn is not null, New + "execution-role-ecr-pull"),
            (Has(container.DockerSecurityOptions, "apparmor"), Old + "apparmor"),
            (Has(container.DockerSecurityOptions, "label"), Old + "selinux"),
        };
        return needed.Where(n => n.If).Select(n => n.Name).Concat(OfLog(container.LogConfiguration, definition))
            .Concat((container.Secrets ?? []).Select(s => New + "secrets." + SourceOf(s) + ".environment-variables"));
    }

    private static IEnumerable<string> OfLog(LogConfiguration? log, TaskDefinition definition)
    {
        if (log?.LogDriver is not { } driver)
        {
            yield break;
        }
        yield return Old + "logging-driver." + driver;
        yield return Api + (driver == "awslogs" ? "1.19" : "1.18");
        if (driver == "awslogs" && definition.ExecutionRoleArn is not null)
        {
            yield return New + "execution-role-awslogs";
        }
        foreach (var secret in log.SecretOptions ?? [])
        {
            yield return New + "secrets." + SourceOf(secret) + ".bootstrap.log-driver";
        }
    }

    public static string SourceOf(Secret secret) =>
        secret.ValueFrom?.Contains(":secretsmanager:", StringComparison.Ordinal) is true ? "asm" : "ssm";

    private static bool IsEcr(string? image) => image?.Split('/')[0].Contains(".dkr.ecr.", StringComparison.Ordinal) is true;

    private static bool Has(IReadOnlyList<string>? options, string kind) => options?.Any(o => o.StartsWith(kind, StringComparison.Ordinal)) is true;

    /// <summary>The launch types that the definition can be run with. An address per task is no obstacle to EXTERNAL here, as it is on AWS.</summary>
    public static List<string> Compatibilities(TaskDefinition definition)
    {
        var result = new List<string> { LaunchTypes.External, LaunchTypes.Ec2 };
        var sized = TaskSizes.Cpu(definition.Cpu) is { } cpu && TaskSizes.Memory(definition.Memory) is { } memory
            && TaskSizes.IsFargateSize(cpu, memory);
        if (sized && FargateRules.Suits(definition)
            && (definition.NetworkMode == "awsvpc" || definition.RequiresCompatibilities?.Contains(LaunchTypes.Fargate) is true))
        {
            result.Add(LaunchTypes.Fargate);
        }
        return result;
    }

    /// <summary>Valued attributes that an instance must not contradict.</summary>
    public static IReadOnlyDictionary<string, string> Values(TaskDefinition definition) => definition.RuntimePlatform?.CpuArchitecture switch
    {
        "ARM64" => Arm64,
        "X86_64" => X86,
        _ => Any,
    };

    private static readonly Dictionary<string, string> Any = [];
    private static readonly Dictionary<string, string> Arm64 = new() { ["ecs.cpu-architecture"] = "arm64" };
    private static readonly Dictionary<string, string> X86 = new() { ["ecs.cpu-architecture"] = "x86_64" };
}
