using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// A service as one of its task sets sees it: a service of its own with one deployment. A pass works on that, and what it has changed is
/// taken back into the whole. For a service without task sets the view is the service.
/// </summary>
internal sealed class TaskSetView
{
    private readonly ServiceDocument _whole;
    private readonly TaskSetRecord? _set;

    public TaskSetView(ServiceDocument whole, string? taskSetId)
    {
        _whole = whole;
        _set = taskSetId is null ? null : whole.TaskSets.FirstOrDefault(s => s.Id == taskSetId);
        Service = _set is null ? whole : Of(whole, _set);
        IsEnding = whole.Status == ServiceDocument.Draining || (whole.HasTaskSets && (_set is null || _set.IsDraining));
    }

    /// <summary>What the pass works on.</summary>
    public ServiceDocument Service { get; }

    /// <summary>All that is left to do is to stop the tasks: the service, or this set of it, is going, or the set has gone.</summary>
    public bool IsEnding { get; }

    public bool IsTaskSet => _set is not null;

    public string? TaskSetId => _set?.Id;

    /// <summary>Whether the set was steady until now.</summary>
    public bool WasSteady => _set?.Steady ?? false;

    /// <summary>The whole service with what the pass has changed; the same document when that is nothing.</summary>
    public ServiceDocument Folded(ServiceDocument service, bool steady, DateTimeOffset now)
    {
        if (_set is null)
        {
            return service;
        }
        var next = (service.Deployments[0] == _set.Deployment ? _set : _set with { Deployment = service.Deployments[0] }).WithSteady(steady, now);
        return ReferenceEquals(next, _set) && ReferenceEquals(service.Events, _whole.Events)
            ? _whole
            : _whole with { Events = service.Events, TaskSets = [.. _whole.TaskSets.Select(s => ReferenceEquals(s, _set) ? next : s)] };
    }

    /// <summary>The whole service without this set, whose last task has ended; or, without a set, the service as it ended.</summary>
    public ServiceDocument Ended(ServiceDocument service) =>
        _whole.Status == ServiceDocument.Draining ? service with { Status = ServiceDocument.Inactive, TaskSets = [] }
        : _set is null ? service
        : _whole with { Events = service.Events, TaskSets = [.. _whole.TaskSets.Where(s => !ReferenceEquals(s, _set))] };

    /// <summary>The service with the settings of the set in the place of its own.</summary>
    public static ServiceDocument Of(ServiceDocument service, TaskSetRecord set)
    {
        var declared = StoredShapes.Copy(service.Declared);
        declared.CapacityProviderStrategy = set.Declared.CapacityProviderStrategy;
        declared.NetworkConfiguration = set.Declared.NetworkConfiguration;
        declared.LoadBalancers = set.Declared.LoadBalancers;
        declared.ServiceRegistries = set.Declared.ServiceRegistries;
        return service with
        {
            DesiredCount = TaskSetPlan.ComputedDesiredCount(service.DesiredCount, set.Scale),
            LaunchType = set.LaunchType,
            PlatformVersion = set.PlatformVersion,
            Declared = declared,
            Deployments = [set.Deployment],
        };
    }
}
