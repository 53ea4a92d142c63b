using System.Net.NetworkInformation;

namespace Longspan.Node.Diagnosis;

/// <summary>
/// Looks at a machine as a node would use it, without joining, writing or taking anything; it may run beside a node. Each check has a time
/// limit of its own, so that one that hangs is a finding and does not hide the others.
/// </summary>
public static class NodeDoctor
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Finding>> ExamineAsync(NodeSettings settings, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var server = new ServerChecks(settings);
        var engine = new EngineChecks(settings);
        (string Name, Func<CancellationToken, Task<IReadOnlyList<Finding>>> Look)[] checks =
        [
            ("server", server.LookAsync), ("engine", engine.LookAsync), ("iptables", engine.LookAtIptablesAsync),
            ("state folder", _ => Task.FromResult(FolderChecks.State(settings.StateFolder))),
            ("disk", _ => Task.FromResult(FolderChecks.Disk(settings.StateFolder))),
            ("other agents", _ => Task.FromResult(OtherAgents())),
        ];
        var found = await Task.WhenAll(checks.Select(check => WithinLimitAsync(check.Name, check.Look, settings.Time, stop)));
        return [.. found.SelectMany(f => f)];
    }

    private static async Task<IReadOnlyList<Finding>> WithinLimitAsync(
        string name, Func<CancellationToken, Task<IReadOnlyList<Finding>>> look, TimeProvider time, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(CheckLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            return await look(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return [Finding.Failed(name, $"no answer within {CheckLimit.TotalSeconds:0} s", "See what keeps it busy, then run this again.")];
        }
    }

    // The Amazon agent listens on these two ports of the loopback address, and so do two agents that quarrel about one engine.
    private static IReadOnlyList<Finding> OtherAgents()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(l => l.Port).Where(p => p is 51678 or 51679)
            .Distinct().Order().ToArray();
        return taken.Length == 0
            ? [Finding.Fine("other agents", "none: ports 51678 and 51679 are free")]
            : [Finding.Doubtful(
                "other agents", $"something listens on port {string.Join(" and ", taken)}, as the Amazon ECS agent does",
                "Run one agent on an engine: stop the other ('systemctl stop ecs'), or give this node an engine of its own with --docker-host.")];
    }
}
