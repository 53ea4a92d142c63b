namespace Longspan.Cli.Embedded;

/// <summary>What <c>status</c> tells, as it also appears with <c>--output json</c>.</summary>
internal sealed record StatusReport(
    string Home, string Endpoint, string WebPage, IReadOnlyList<ProcessStatus> Processes, IReadOnlyList<SiteStatus> Sites,
    IReadOnlyList<NodeStatus> Nodes, IReadOnlyList<ServiceStatus> Services, IReadOnlyList<QueueStatus> Queues);

/// <param name="Pid">Null when it does not run.</param>
/// <param name="ResidentMib">Resident memory, from the kernel.</param>
internal sealed record ProcessStatus(string Name, int? Pid, long ResidentMib);

/// <param name="Link"><c>up</c>, <c>cut</c> or <c>local</c>.</param>
internal sealed record SiteStatus(string Name, string Link);

internal sealed record NodeStatus(string Name, string Site, string ContainerInstanceArn, bool Connected, int RunningTasks, int PendingTasks);

internal sealed record ServiceStatus(string Name, string LaunchType, int Desired, int Running, int Pending, string TaskDefinition, string? LastEvent);

internal sealed record QueueStatus(string Name, long Visible, long InFlight, long Delayed);
