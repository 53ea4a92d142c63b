using Longspan.AgentLink;
using Longspan.Node.Engines;

namespace Longspan.Node.Tasks;

/// <summary>Volumes of a task: made before its first container, removed with it when they are the task's own.</summary>
internal sealed class TaskVolumes(ContainerEngine engine)
{
    /// <summary>Chosen at acceptance and saved with the task: making them again after a crash makes the same ones.</summary>
    public static Dictionary<string, string> Names(AgentTask task) => (task.Volumes ?? [])
        .Where(IsTaskScoped)
        .ToDictionary(v => v.Name!, v => $"ecs-{task.Family}-{task.Version}-{v.Name}-{State.NodeIds.Hex(20)}", StringComparer.Ordinal);

    public async Task MakeAsync(SavedTask task, CancellationToken stop)
    {
        foreach (var volume in task.Task.Volumes ?? [])
        {
            switch (volume.Type)
            {
                case null or "" or "host":
                    if (volume.Host is null)
                    {
                        throw new TaskFault("VolumeError", $"volume {volume.Name} has no host configuration");
                    }
                    if (IsTaskScoped(volume))
                    {
                        await engine.CreateVolumeAsync(Plan(task, task.Volumes[volume.Name!], volume), stop);
                    }
                    break;
                case "docker" when IsTaskScoped(volume):
                    await engine.CreateVolumeAsync(Plan(task, task.Volumes[volume.Name!], volume), stop);
                    break;
                case "docker":
                    await MakeSharedAsync(task, volume, stop);
                    break;
                default:
                    throw new TaskFault("VolumeError", $"volume type {volume.Type} is not supported on this node");
            }
        }
    }

    private async Task MakeSharedAsync(SavedTask task, AgentVolume volume, CancellationToken stop)
    {
        if (await engine.VolumeExistsAsync(volume.Name!, stop))
        {
            return;
        }
        if (volume.DockerVolumeConfiguration?.Autoprovision != true)
        {
            throw new TaskFault("VolumeError", $"shared volume {volume.Name} does not exist");
        }
        await engine.CreateVolumeAsync(Plan(task, volume.Name!, volume), stop);
    }

    private static bool IsTaskScoped(AgentVolume volume) => volume.Type switch
    {
        null or "" or "host" => volume.Host is { SourcePath: null or "" },
        "docker" => volume.DockerVolumeConfiguration?.Scope != "shared",
        _ => false,
    };

    private static VolumePlan Plan(SavedTask task, string name, AgentVolume volume)
    {
        var labels = new Dictionary<string, string>(volume.DockerVolumeConfiguration?.Labels ?? new Dictionary<string, string>());
        if (IsTaskScoped(volume))
        {
            labels[EngineLabels.TaskArn] = task.Arn;
        }
        return new VolumePlan(
            name, volume.DockerVolumeConfiguration?.Driver,
            volume.DockerVolumeConfiguration?.DriverOpts ?? new Dictionary<string, string>(), labels);
    }
}
