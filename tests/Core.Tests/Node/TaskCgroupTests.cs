using Longspan.AgentLink;
using Longspan.Node.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>The files that a task's cgroup consists of, in a tree that only looks like the kernel's.</summary>
public sealed class TaskCgroupTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cgroup").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static SavedTask Sized(double? cpu, long? memory) => new()
    {
        Task = new AgentTask { Arn = TaskBench.Arn("abc"), Cpu = cpu, Memory = memory },
    };

    private string Text(params string[] path) => File.ReadAllText(Path.Combine([_root, .. path]));

    [Fact]
    public void In_one_tree_the_controllers_are_handed_down()
    {
        var cgroups = new TaskCgroups(_root, 2, NullLogger.Instance);
        Assert.Equal("/ecs/abc", cgroups.Make(Sized(0.25, 512)));
        Assert.Equal("/ecs/abc", cgroups.Make(Sized(0.25, 512)));
        Assert.Equal(("+cpu +memory", "+cpu +memory"), (Text("cgroup.subtree_control"), Text("ecs", "cgroup.subtree_control")));
        Assert.Equal(("25000 100000", "536870912"), (Text("ecs", "abc", "cpu.max"), Text("ecs", "abc", "memory.max")));
    }

    [Fact]
    public void In_a_tree_for_each_controller_each_gets_its_own()
    {
        Directory.CreateDirectory(Path.Combine(_root, "pids", "ecs", "abc"));
        var cgroups = new TaskCgroups(_root, 1, NullLogger.Instance);
        Assert.Equal("/ecs/abc", cgroups.Make(Sized(2, 512)));
        Assert.Equal(("200000", "100000", "536870912"), (
            Text("cpu", "ecs", "abc", "cpu.cfs_quota_us"), Text("cpu", "ecs", "abc", "cpu.cfs_period_us"), Text("memory", "ecs", "abc", "memory.limit_in_bytes")));
        cgroups.Remove("abc");
        Assert.False(Directory.Exists(Path.Combine(_root, "pids", "ecs", "abc")));
    }

    [Fact]
    public void Without_sizes_or_without_the_right_there_is_none()
    {
        Assert.Null(new TaskCgroups(_root, 2, NullLogger.Instance).Make(Sized(null, null)));
        Assert.Null(new TaskCgroups(Path.Combine(_root, "file", "x"), 2, NullLogger.Instance).Make(SizedBehindAFile()));
    }

    private SavedTask SizedBehindAFile()
    {
        File.WriteAllText(Path.Combine(_root, "file"), "");
        return Sized(1, 64);
    }
}
