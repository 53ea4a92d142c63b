using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Reconcilers;

/// <summary>Deployment alarms: a rollout during which one of them goes off has failed, and is rolled back if the service says so.</summary>
internal sealed partial class ServicePass
{
    /// <summary>Alarms wake nobody: a rollout looks at them this often.</summary>
    public static readonly TimeSpan AlarmPeriod = TimeSpan.FromSeconds(10);

    /// <summary>Who knows about alarms, if anybody.</summary>
    public AlarmLookup? Alarms { get; init; }

    private async ValueTask HearAlarmsAsync(CancellationToken stop)
    {
        var primary = _service.Primary;
        // A rollback is not undone by the alarm that caused it.
        if (Alarms is null || primary.RolloutState != DeploymentRecord.InProgress || primary.RollbackOf is not null
            || _service.Declared.DeploymentConfiguration?.Alarms is not { Enable: true, AlarmNames: { Count: > 0 } names } settings)
        {
            return;
        }
        LookAgainIn(AlarmPeriod);
        var call = CallScope.Of(scope);
        var raised = await Alarms(call.AccountId, call.Region, names, stop);
        if (raised.Count > 0)
        {
            Fail($"alarm detected: {string.Join(", ", raised)}.", "ECS deployment alarms", settings.Rollback is true);
        }
    }
}
