namespace Longspan.Services.Ecs;

/// <summary>
/// Which of the named alarms of an account and region are in the state ALARM. The seam between rollouts, which ask while they run, and
/// alarms, which are served elsewhere. Without alarms nobody is asked, and the names are kept only.
/// </summary>
public delegate ValueTask<IReadOnlyList<string>> AlarmLookup(string accountId, string region, IReadOnlyList<string> names, CancellationToken stop);
