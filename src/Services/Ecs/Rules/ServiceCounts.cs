using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Of some live tasks: those that are to run, those that are about to, and those that do.</summary>
internal readonly record struct TaskCount(int Wanted, int Pending, int Running)
{
    public static TaskCount Of(TaskDocument task) => task.IsStopped ? default
        : new TaskCount(task.WantsRunning ? 1 : 0, ServiceShapes.IsPending(task) ? 1 : 0, ServiceShapes.IsRunning(task) ? 1 : 0);

    public static TaskCount operator +(TaskCount one, TaskCount other) =>
        new(one.Wanted + other.Wanted, one.Pending + other.Pending, one.Running + other.Running);

    public static TaskCount operator -(TaskCount one, TaskCount other) =>
        new(one.Wanted - other.Wanted, one.Pending - other.Pending, one.Running - other.Running);
}

/// <summary>A service's live tasks, counted for each of its deployments or task sets.</summary>
internal sealed class ServiceCounts
{
    public static readonly ServiceCounts None = new();
    private readonly Dictionary<string, TaskCount> _byDeployment = new(StringComparer.Ordinal);

    public TaskCount All { get; private set; }

    public TaskCount Of(string deploymentId) => _byDeployment.GetValueOrDefault(deploymentId);

    public static ServiceCounts Of(IEnumerable<TaskDocument> tasks)
    {
        var counts = new ServiceCounts();
        foreach (var task in tasks)
        {
            counts.Change(null, task);
        }
        return counts;
    }

    /// <summary>One task has become another; null before it came and after it went.</summary>
    public void Change(TaskDocument? former, TaskDocument? next)
    {
        Add(former, static (count, one) => count - one);
        Add(next, static (count, one) => count + one);
    }

    public ServiceCounts Copy()
    {
        var copy = new ServiceCounts { All = All };
        foreach (var (deployment, count) in _byDeployment)
        {
            copy._byDeployment[deployment] = count;
        }
        return copy;
    }

    private void Add(TaskDocument? task, Func<TaskCount, TaskCount, TaskCount> add)
    {
        if (task is null || TaskCount.Of(task) is var one && one == default)
        {
            return;
        }
        All = add(All, one);
        var deployment = task.DeploymentId ?? "";
        if (add(Of(deployment), one) is var count && count == default)
        {
            _byDeployment.Remove(deployment);
        }
        else
        {
            _byDeployment[deployment] = count;
        }
    }
}
