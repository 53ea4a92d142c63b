using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Volumes that nodes can make: directories of the host, empty ones for a task, and Docker volumes.</summary>
internal static class VolumeRules
{
    public const int MaximumVolumes = 100;

    public static void Check(IReadOnlyList<Volume>? volumes)
    {
        if (volumes is { Count: > MaximumVolumes })
        {
            throw new ClientException($"A task definition may have at most {MaximumVolumes} volumes.");
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var volume in volumes ?? [])
        {
            if (volume.Name is null || !EcsNames.Identifier().IsMatch(volume.Name))
            {
                throw new ClientException($"Volume name '{volume.Name}' contains invalid characters.");
            }
            if (!names.Add(volume.Name))
            {
                throw new ClientException($"The volume name '{volume.Name}' is used more than once.");
            }
            Check(volume);
        }
    }

    private static void Check(Volume volume)
    {
        var refused = volume.EfsVolumeConfiguration is not null ? "'efsVolumeConfiguration' is not supported: there is no EFS; mount NFS by a Docker volume with driver local"
            : volume.FsxWindowsFileServerVolumeConfiguration is not null ? "'fsxWindowsFileServerVolumeConfiguration' is not supported: nodes run Linux containers"
            : volume.S3filesVolumeConfiguration is not null ? "'s3filesVolumeConfiguration' is not supported: there is no S3 Files"
            : volume.ConfiguredAtLaunch is true ? "'configuredAtLaunch' is not supported: there are no EBS volumes" : null;
        if (refused is not null)
        {
            throw new ClientException($"Invalid volume '{volume.Name}'. {refused}.");
        }
        if (volume is { Host: not null, DockerVolumeConfiguration: not null })
        {
            throw new ClientException($"Invalid volume '{volume.Name}'. Only one of 'host' and 'dockerVolumeConfiguration' may be specified.");
        }
        if (volume.Host?.SourcePath is { Length: > 0 } path && path[0] != '/')
        {
            throw new ClientException($"Invalid volume '{volume.Name}'. The source path '{path}' must be absolute.");
        }
        if (volume.DockerVolumeConfiguration is { } docker)
        {
            if (docker.Scope is { } scope and not ("task" or "shared"))
            {
                throw new ClientException($"Invalid volume '{volume.Name}'. The scope must be 'task' or 'shared', not '{scope}'.");
            }
            if (docker.Autoprovision is true && docker.Scope != "shared")
            {
                throw new ClientException($"Invalid volume '{volume.Name}'. 'autoprovision' can only be used with scope 'shared'.");
            }
        }
    }
}
