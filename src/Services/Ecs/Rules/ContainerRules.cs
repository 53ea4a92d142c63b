using System.Globalization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What one container of a definition may say, and what AWS fills in when it does not say it.</summary>
internal static class ContainerRules
{
    /// <summary>Docker refuses less.</summary>
    public const int LeastMemoryMib = 6;
    public const int MaximumEnvironmentFiles = 10;
    public const int MaximumIgnoredExitCodes = 50;
    private static readonly string[] LogDrivers =
        ["awslogs", "json-file", "none", "fluentd", "gelf", "journald", "logentries", "splunk", "syslog", "awsfirelens"];

    public static void Complete(ContainerDefinition container, string? networkMode)
    {
        container.Essential ??= true;
        container.Cpu ??= 0;
        container.Environment ??= [];
        container.MountPoints ??= [];
        container.VolumesFrom ??= [];
        container.PortMappings ??= [];
        container.SystemControls ??= [];
        PortRules.Complete(container.PortMappings, networkMode);
        if (container.HealthCheck is { } check)
        {
            check.Interval ??= 30;
            check.Timeout ??= 5;
            check.Retries ??= 3;
        }
    }

    public static void Check(ContainerDefinition container, RegisterTaskDefinitionRequest request, TaskSize task)
    {
        if (string.IsNullOrEmpty(container.Name))
        {
            throw new ClientException("Container.name should not be null or empty.");
        }
        if (!EcsNames.Identifier().IsMatch(container.Name))
        {
            throw new ClientException("Container name contains invalid characters.");
        }
        if (string.IsNullOrWhiteSpace(container.Image))
        {
            throw new ClientException("Container.image should not be null or empty.");
        }
        CheckSizes(container, task);
        PortRules.Check(container, request.NetworkMode);
        CheckNetworking(container, request.NetworkMode);
        CheckMounts(container, request);
        CheckLifecycle(container);
        CheckLog(container);
        CheckRequirements(container.Name, container.ResourceRequirements);
        CheckEnvironmentFiles(container.Name, container.EnvironmentFiles);
        SecretRules.Check(container, request.ExecutionRoleArn);
        LinuxRules.Check(container, request);
        CheckRefused(container);
    }

    /// <summary>Every refusal names the container: a definition has up to ten.</summary>
    public static ClientException Invalid(string? container, string what) => new($"Invalid setting for container '{container}'. {what}");

    private static void CheckSizes(ContainerDefinition container, TaskSize task)
    {
        if (task.Memory is null && container.Memory is null && container.MemoryReservation is null)
        {
            throw Invalid(container.Name, "At least one of 'memory' or 'memoryReservation' must be specified.");
        }
        CheckMemory(container.Name, container.Memory, container.MemoryReservation, task.Memory);
        if (container.Cpu is < 0)
        {
            throw Invalid(container.Name, "'cpu' must not be negative.");
        }
        if (container.Cpu > task.Cpu)
        {
            throw new ClientException("The 'cpu' setting for container is greater than for the task.");
        }
    }

    public static void CheckMemory(string? name, int? memory, int? reservation, int? taskMemory)
    {
        if (memory is < LeastMemoryMib)
        {
            throw new ClientException($"Invalid 'memory' setting for container '{name}': must be at least {LeastMemoryMib}.");
        }
        if (reservation is < LeastMemoryMib)
        {
            throw new ClientException($"Invalid 'memoryReservation' setting for container '{name}': must be at least {LeastMemoryMib}.");
        }
        if (reservation > memory)
        {
            throw Invalid(name, "The 'memory' setting must be greater than or equal to 'memoryReservation'.");
        }
        if (memory > taskMemory || reservation > taskMemory)
        {
            throw new ClientException("The 'memory' setting for container is greater than for the task.");
        }
    }

    private static void CheckNetworking(ContainerDefinition container, string? mode)
    {
        if (mode is "awsvpc" or "host" or "none" && container.Links is { Count: > 0 })
        {
            throw new ClientException($"Links are not supported when networkMode={mode}.");
        }
        if (mode == "awsvpc")
        {
            var refused = !string.IsNullOrEmpty(container.Hostname) ? "hostname"
                : container.ExtraHosts is { Count: > 0 } ? "extraHosts"
                : container.DisableNetworking is true ? "disableNetworking" : null;
            if (refused is not null)
            {
                throw new ClientException($"{refused} is not supported on container when networkMode=awsvpc.");
            }
        }
        foreach (var host in container.ExtraHosts ?? [])
        {
            if (string.IsNullOrEmpty(host.Hostname) || !System.Net.IPAddress.TryParse(host.IpAddress, out _))
            {
                throw Invalid(container.Name, $"'extraHosts' needs a hostname and an IP address, not '{host.Hostname}' and '{host.IpAddress}'.");
            }
        }
    }

    private static void CheckMounts(ContainerDefinition container, RegisterTaskDefinitionRequest request)
    {
        foreach (var mount in container.MountPoints ?? [])
        {
            if (mount.SourceVolume is null || request.Volumes?.Any(v => v.Name == mount.SourceVolume) is not true)
            {
                throw new ClientException($"Unknown volume '{mount.SourceVolume}'.");
            }
            if (mount.ContainerPath is not ['/', ..])
            {
                throw Invalid(container.Name, $"The container path '{mount.ContainerPath}' of volume '{mount.SourceVolume}' must be absolute.");
            }
        }
    }

    private static void CheckLifecycle(ContainerDefinition container)
    {
        if (container.StartTimeout is < 0 || container.StopTimeout is < 0)
        {
            throw Invalid(container.Name, "'startTimeout' and 'stopTimeout' must not be negative.");
        }
        if (container.RestartPolicy is { } policy)
        {
            if (policy.RestartAttemptPeriod is < 60 or > 1800)
            {
                throw Invalid(container.Name, "'restartAttemptPeriod' must be between 60 and 1800 seconds.");
            }
            if (policy.IgnoredExitCodes is { Count: > MaximumIgnoredExitCodes })
            {
                throw Invalid(container.Name, $"'ignoredExitCodes' may have at most {MaximumIgnoredExitCodes} values.");
            }
        }
        if (container.HealthCheck is { } check)
        {
            CheckHealth(container.Name, check);
        }
        if (container.VersionConsistency is { } consistency and not ("enabled" or "disabled"))
        {
            throw Invalid(container.Name, $"'versionConsistency' must be 'enabled' or 'disabled', not '{consistency}'.");
        }
    }

    private static void CheckHealth(string? name, HealthCheck check)
    {
        if (check.Command is not { Count: > 0 } command || command[0] is not ("CMD" or "CMD-SHELL" or "NONE"))
        {
            throw Invalid(name, "The command of 'healthCheck' must start with CMD or CMD-SHELL.");
        }
        Range(name, "interval", check.Interval, 5, 300);
        Range(name, "timeout", check.Timeout, 2, 120);
        Range(name, "retries", check.Retries, 1, 10);
        Range(name, "startPeriod", check.StartPeriod, 0, 300);
    }

    private static void Range(string? name, string member, int? value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw Invalid(name, $"'{member}' of 'healthCheck' must be between {least} and {most}.");
        }
    }

    private static void CheckLog(ContainerDefinition container)
    {
        if (container.LogConfiguration is not { } log)
        {
            return;
        }
        if (log.LogDriver is not { } driver || !LogDrivers.Contains(driver))
        {
            throw Invalid(container.Name, $"Log driver '{log.LogDriver}' is not valid.");
        }
        if (driver == "awsfirelens")
        {
            throw Invalid(container.Name, "Log driver 'awsfirelens' is not supported: there is no log router.");
        }
        if (driver == "awslogs" && (log.Options is null || !log.Options.TryGetValue("awslogs-group", out var group) || string.IsNullOrEmpty(group)))
        {
            throw new ClientException("Log driver awslogs requires options: awslogs-group");
        }
        if (log.Options is { } options && options.TryGetValue("mode", out var mode) && mode is not ("blocking" or "non-blocking"))
        {
            throw Invalid(container.Name, $"Log option 'mode' must be 'blocking' or 'non-blocking', not '{mode}'.");
        }
    }

    public static void CheckRequirements(string? name, IReadOnlyList<ResourceRequirement>? requirements)
    {
        foreach (var requirement in requirements ?? [])
        {
            if (requirement.Type != "GPU")
            {
                throw Invalid(name, $"Resource requirement '{requirement.Type}' is not supported; only GPU is.");
            }
            if (requirement.SharingStrategy is not null)
            {
                throw Invalid(name, "'sharingStrategy' is not supported: a GPU is given to one container.");
            }
            if (!int.TryParse(requirement.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 64)
            {
                throw Invalid(name, $"The value of a GPU requirement must be a number from 1 to 64, not '{requirement.Value}'.");
            }
        }
    }

    public static void CheckEnvironmentFiles(string? name, IReadOnlyList<EnvironmentFile>? files)
    {
        if (files is { Count: > MaximumEnvironmentFiles })
        {
            throw Invalid(name, $"'environmentFiles' may have at most {MaximumEnvironmentFiles} files.");
        }
        foreach (var file in files ?? [])
        {
            if (file.Type != "s3" || !Kernel.Arn.TryParse(file.Value, out var arn) || arn.Service != "s3"
                || !arn.Resource.EndsWith(".env", StringComparison.Ordinal))
            {
                throw Invalid(name, $"The environment file '{file.Value}' must be of type s3 and the ARN of an object whose name ends with .env.");
            }
        }
    }

    private static void CheckRefused(ContainerDefinition container)
    {
        var refused = container.FirelensConfiguration is not null ? "'firelensConfiguration' is not supported: there is no log router."
            : container.CredentialSpecs is { Count: > 0 } ? "'credentialSpecs' are not supported: nodes do not join a domain." : null;
        if (refused is not null)
        {
            throw Invalid(container.Name, refused);
        }
    }
}
