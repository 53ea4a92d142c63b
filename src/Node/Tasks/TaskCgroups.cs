using System.Globalization;
using Longspan.Node.Engines;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

/// <summary>
/// A cgroup <c>/ecs/TASK</c> around all containers of a task that was given CPU or memory as a whole, so that its containers together
/// cannot take more. Made before each start of a container, because a reboot takes it away, and removed with the task. Each container is
/// bounded by the same sizes besides: where there is no such cgroup, or it is lost, a task is bounded container by container.
/// <para>
/// Only where the node may write the machine's own cgroup tree and the engine makes cgroups itself (driver <c>cgroupfs</c>, cgroup v1 and
/// v2). With the driver <c>systemd</c> the tree is systemd's, and a directory made beside it would lose its limits at the next reload.
/// </para>
/// </summary>
internal sealed class TaskCgroups(string root, int version, ILogger log)
{
    private const string Folder = "ecs";
    private const long Period = 100_000;
    private const long LeastQuota = 1_000;
    private const long MiB = 1024 * 1024;
    private const string InitialNamespace = "cgroup:[4026531835]";
    private bool _told;

    /// <summary>Null where tasks are bounded container by container.</summary>
    public static TaskCgroups? Find(EngineDescription engine, NodeSettings settings, ILogger log)
    {
        const string Root = "/sys/fs/cgroup";
        if (settings.Engine != EngineKind.Docker || settings.DockerHost.Scheme != "unix" || engine.CgroupDriver != "cgroupfs"
            || !Environment.IsPrivilegedProcess || !OperatingSystem.IsLinux())
        {
            return null;
        }
        // In a container's namespace the same path is another cgroup than the engine's.
        var isHost = new FileInfo("/proc/self/ns/cgroup").LinkTarget == InitialNamespace;
        var version = File.Exists(Path.Combine(Root, "cgroup.controllers")) ? 2
            : Directory.Exists(Path.Combine(Root, "memory")) && Directory.Exists(Path.Combine(Root, "cpu")) ? 1 : 0;
        return isHost && version != 0 ? new TaskCgroups(Root, version, log) : null;
    }

    /// <summary>Makes the task's cgroup as it must be, whatever is there.</summary>
    /// <returns>What the engine calls it, or null when the task needs none or it cannot be made.</returns>
    public string? Make(SavedTask task)
    {
        if (task.Task is { Cpu: null or <= 0, Memory: null or <= 0 })
        {
            return null;
        }
        try
        {
            if (version == 2)
            {
                MakeUnified(task);
            }
            else
            {
                MakeSplit(task);
            }
            return $"/{Folder}/{task.Id}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_told)
            {
                _told = true;
                log.LogWarning("Tasks are bounded container by container: {Message}", e.Message);
            }
            return null;
        }
    }

    private void MakeUnified(SavedTask task)
    {
        var parent = Path.Combine(root, Folder);
        Directory.CreateDirectory(parent);
        // A controller can be used in a cgroup only when every one above hands it down.
        foreach (var folder in new[] { root, parent })
        {
            File.WriteAllText(Path.Combine(folder, "cgroup.subtree_control"), "+cpu +memory");
        }
        var own = Path.Combine(parent, task.Id);
        Directory.CreateDirectory(own);
        if (task.Task.Cpu is > 0 and var cores)
        {
            File.WriteAllText(Path.Combine(own, "cpu.max"), $"{Text(Quota(cores))} {Text(Period)}");
        }
        if (task.Task.Memory is > 0 and var memory)
        {
            File.WriteAllText(Path.Combine(own, "memory.max"), Text(memory * MiB));
        }
    }

    private void MakeSplit(SavedTask task)
    {
        if (task.Task.Cpu is > 0 and var cores)
        {
            var cpu = Directory.CreateDirectory(Path.Combine(root, "cpu", Folder, task.Id)).FullName;
            File.WriteAllText(Path.Combine(cpu, "cpu.cfs_period_us"), Text(Period));
            File.WriteAllText(Path.Combine(cpu, "cpu.cfs_quota_us"), Text(Quota(cores)));
        }
        if (task.Task.Memory is > 0 and var memory)
        {
            var own = Directory.CreateDirectory(Path.Combine(root, "memory", Folder, task.Id)).FullName;
            File.WriteAllText(Path.Combine(own, "memory.limit_in_bytes"), Text(memory * MiB));
        }
    }

    /// <summary>After the task's last container. The engine has made the cgroup in every hierarchy.</summary>
    public void Remove(string task)
    {
        foreach (var hierarchy in version == 2 ? [root] : Directory.EnumerateDirectories(root))
        {
            var own = Path.Combine(hierarchy, Folder, task);
            try
            {
                if (Directory.Exists(own))
                {
                    Directory.Delete(own);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.LogDebug("The cgroup {Path} stays: {Message}", own, e.Message);
            }
        }
    }

    private static long Quota(double cores) => Math.Max(LeastQuota, (long)(cores * Period));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
