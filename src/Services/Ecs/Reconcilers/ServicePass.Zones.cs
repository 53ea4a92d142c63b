using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>Zone rebalancing: while a service that asks for it is at rest, its tasks move one by one until its zones have as many each.</summary>
internal sealed partial class ServicePass
{
    // Where the successor of the task that is being moved belongs.
    private string? _movingTo;

    private bool IsRebalanced => _service.Declared.AvailabilityZoneRebalancing == ServiceDocument.RebalancingEnabled;

    // A site is a zone. Where no instance names one, the availability zones are.
    private string ZoneAttribute => _zoneAttribute ??= instances.Any(i => i.AttributeValue(ZoneRules.Site) is { Length: > 0 }) ? ZoneRules.Site : ZoneRules.Zone;
    private string? _zoneAttribute;

    private async ValueTask<string?> MovingByZoneAsync(IReadOnlyList<TaskDocument> live, CancellationToken stop)
    {
        if (!IsRebalanced || _service.Primary.RolloutState != DeploymentRecord.Completed)
        {
            return null;
        }
        _wantsCapacity = true;
        var placed = live.Where(t => t.WantsRunning && !t.IsWaiting).ToList();
        if (placed.Count < _service.DesiredCount || placed.Count > _service.DesiredCount + 1
            || placed.Any(t => t.DeploymentId != _service.Primary.Id || _leaving.Contains(t.InstanceId)))
        {
            return null;
        }
        var zones = instances.ToDictionary(i => i.Id, i => i.AttributeValue(ZoneAttribute) ?? "", StringComparer.Ordinal);
        var zoned = InOrder(placed).Select((t, order) => new ZonedTask(t.Id, zones.GetValueOrDefault(t.InstanceId, ""), order, t.IsProtected(Now))).ToList();
        if (placed.Count > _service.DesiredCount)
        {
            // Its successor has started already.
            return ZonePlan.Surplus(zoned);
        }
        // A task that is not yet well is not the time for another move.
        if (placed.Any(t => !t.IsHealthy) || await TemplateAsync(stop) is not (var template, _))
        {
            return null;
        }
        var capacity = await ClusterCapacity.LoadAsync(cloud.Documents, scope, stop);
        var open = zones.Values.Where(z => z.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        while (ZonePlan.Next(zoned, open) is { } move)
        {
            if (new TaskPlacer(capacity, template with { Zone = (ZoneAttribute, move.To) }, Now, Shares(live)).PlaceNew(out _).IsPlaced)
            {
                _movingTo = move.To;
                return move.TaskId;
            }
            open.Remove(move.To);
        }
        return null;
    }
}
