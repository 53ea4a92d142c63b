namespace Longspan.Node.Tasks;

/// <summary>
/// The host's CPU, memory and ports, given to tasks strictly in order of arrival: a task that does not fit yet makes later ones wait,
/// so that a large task is not starved by small ones. The server places no more than there is; waiting happens while stopping tasks
/// still hold what their successors were promised.
/// </summary>
internal sealed class ResourceGate(int cpuUnits, long memoryMib, IEnumerable<int> reservedPorts)
{
    private readonly Lock _lock = new();
    private readonly List<(SavedTask Task, Action Grant)> _waiting = [];
    private readonly Dictionary<string, Need> _held = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reserved = [.. reservedPorts.Select(p => $"{p}/tcp")];

    private sealed record Need(double Cpu, long Memory, IReadOnlyList<string> Ports);

    public void Enter(SavedTask task, Action grant)
    {
        lock (_lock)
        {
            _waiting.Add((task, grant));
        }
        Admit();
    }

    /// <summary>For tasks whose containers run already: they hold what they hold.</summary>
    public void Occupy(SavedTask task)
    {
        lock (_lock)
        {
            _held[task.Arn] = NeedOf(task);
        }
    }

    public void Leave(SavedTask task)
    {
        lock (_lock)
        {
            _held.Remove(task.Arn);
            _waiting.RemoveAll(w => w.Task.Arn == task.Arn);
        }
        Admit();
    }

    private void Admit()
    {
        var granted = new List<Action>();
        lock (_lock)
        {
            while (_waiting is [var head, ..] && Fits(NeedOf(head.Task)))
            {
                _held[head.Task.Arn] = NeedOf(head.Task);
                _waiting.RemoveAt(0);
                granted.Add(head.Grant);
            }
        }
        granted.ForEach(grant => grant());
    }

    private bool Fits(Need need) =>
        _held.Values.Sum(h => h.Cpu) + need.Cpu <= cpuUnits
        && _held.Values.Sum(h => h.Memory) + need.Memory <= memoryMib
        && !need.Ports.Any(p => _reserved.Contains(p) || _held.Values.Any(h => h.Ports.Contains(p)));

    private static Need NeedOf(SavedTask task)
    {
        var containers = task.Task.Containers ?? [];
        var cpu = task.Task.Cpu is > 0 and var cores ? cores * 1024 : containers.Sum(c => (double)(c.Cpu ?? 0));
        var memory = task.Task.Memory is > 0 and var mib ? mib : containers.Sum(c => MemoryOf(c));
        var ports = task.Task.NetworkMode == "awsvpc" ? []
            : containers.SelectMany(c => c.PortMappings ?? []).Where(p => p.HostPort is > 0)
                .Select(p => $"{p.HostPort}/{p.Protocol ?? "tcp"}").ToList();
        return new Need(cpu, memory, ports);
    }

    private static long MemoryOf(AgentLink.AgentContainer container)
    {
        if (container.DockerConfig?.HostConfig is { Length: > 0 } text)
        {
            try
            {
                if (System.Text.Json.Nodes.JsonNode.Parse(text)?["MemoryReservation"]?.GetValue<long>() is > 0 and var bytes)
                {
                    return bytes / (1024 * 1024);
                }
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or FormatException)
            {
                // Reported when the container is planned.
            }
        }
        return container.Memory ?? 0;
    }
}
