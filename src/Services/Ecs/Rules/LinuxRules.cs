using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What a container asks of the kernel: capabilities, devices, limits, settings, security options.</summary>
internal static class LinuxRules
{
    private static readonly string[] UlimitNames =
        ["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"];
    private static readonly string[] IpcControls =
        ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"];
    private static readonly string[] MountOptions =
    [
        "defaults", "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync", "remount", "mand", "nomand", "atime",
        "noatime", "diratime", "nodiratime", "bind", "rbind", "unbindable", "runbindable", "private", "rprivate", "shared", "rshared", "slave",
        "rslave", "relatime", "norelatime", "strictatime", "nostrictatime", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol",
    ];

    public static void Check(ContainerDefinition container, RegisterTaskDefinitionRequest request)
    {
        foreach (var limit in container.Ulimits ?? [])
        {
            if (!UlimitNames.Contains(limit.Name))
            {
                throw ContainerRules.Invalid(container.Name, $"Unknown ulimit '{limit.Name}'.");
            }
            // -1 is no limit at all.
            if (limit.HardLimit is not -1 && (limit.SoftLimit is -1 || limit.SoftLimit > limit.HardLimit))
            {
                throw ContainerRules.Invalid(container.Name, $"The soft limit of ulimit '{limit.Name}' must not be greater than its hard limit.");
            }
        }
        foreach (var control in container.SystemControls ?? [])
        {
            CheckControl(container, control, request);
        }
        foreach (var option in container.DockerSecurityOptions ?? [])
        {
            if (option != "no-new-privileges" && !new[] { "apparmor:", "label:", "seccomp:", "no-new-privileges:" }.Any(
                p => option.StartsWith(p, StringComparison.Ordinal) || option.StartsWith(p.Replace(':', '='), StringComparison.Ordinal)))
            {
                throw ContainerRules.Invalid(container.Name, $"The security option '{option}' is not valid.");
            }
        }
        if (container.LinuxParameters is { } linux)
        {
            Check(container, linux);
        }
    }

    private static void CheckControl(ContainerDefinition container, SystemControl control, RegisterTaskDefinitionRequest request)
    {
        var name = control.Namespace ?? "";
        var isNet = name.StartsWith("net.", StringComparison.Ordinal);
        if (!isNet && !IpcControls.Contains(name) && !name.StartsWith("fs.mqueue.", StringComparison.Ordinal))
        {
            throw ContainerRules.Invalid(container.Name, $"The system control '{name}' has no namespace of its own in a container.");
        }
        if (isNet && request.NetworkMode == "host")
        {
            throw ContainerRules.Invalid(container.Name, $"The system control '{name}' is not supported when networkMode=host.");
        }
        if (!isNet && request.IpcMode is "host" or "task")
        {
            throw ContainerRules.Invalid(container.Name, $"The system control '{name}' is not supported when ipcMode={request.IpcMode}.");
        }
    }

    private static void Check(ContainerDefinition container, LinuxParameters linux)
    {
        if (linux.SharedMemorySize is < 1)
        {
            throw ContainerRules.Invalid(container.Name, "'sharedMemorySize' must be at least 1 MiB.");
        }
        if (linux.MaxSwap is < 0)
        {
            throw ContainerRules.Invalid(container.Name, "'maxSwap' must not be negative.");
        }
        if (linux.Swappiness is < 0 or > 100)
        {
            throw ContainerRules.Invalid(container.Name, "'swappiness' must be between 0 and 100.");
        }
        foreach (var device in linux.Devices ?? [])
        {
            if (device.HostPath is not ['/', ..] || device.ContainerPath is not (null or ['/', ..])
                || device.Permissions?.Any(p => p is not ("read" or "write" or "mknod")) is true)
            {
                throw ContainerRules.Invalid(container.Name, $"The device '{device.HostPath}' needs absolute paths and permissions of read, write and mknod.");
            }
        }
        foreach (var mount in linux.Tmpfs ?? [])
        {
            if (mount.ContainerPath is not ['/', ..] || mount.Size is not > 0)
            {
                throw ContainerRules.Invalid(container.Name, $"The tmpfs '{mount.ContainerPath}' needs an absolute path and a size in MiB.");
            }
            if (mount.MountOptions?.FirstOrDefault(o => !MountOptions.Contains(o.Split('=')[0])) is { } unknown)
            {
                throw ContainerRules.Invalid(container.Name, $"Unknown mount option '{unknown}'.");
            }
        }
    }
}
