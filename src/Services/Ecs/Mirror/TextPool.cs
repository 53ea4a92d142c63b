using System.Diagnostics.CodeAnalysis;
using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;
using TaskStatus = Longspan.Services.Ecs.Rules.TaskStatus;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>
/// Makes equal texts one object: two hundred thousand tasks name the same few services, definitions and instances, and five thousand
/// instances the same attributes. Only economy: nothing compares by reference. Its user locks.
/// </summary>
internal sealed class TextPool
{
    private const int MaximumTexts = 200_000;
    private readonly HashSet<string> _texts = new(StringComparer.Ordinal);

    public ContainerInstanceDocument Share(ContainerInstanceDocument instance) => instance with
    {
        ClusterName = Share(instance.ClusterName),
        Status = Share(instance.Status),
        AgentVersion = Share(instance.AgentVersion),
        DockerVersion = Share(instance.DockerVersion),
        RegisteredBy = Share(instance.RegisteredBy),
        Attributes = [.. instance.Attributes.Select(a => new InstanceAttribute(Share(a.Name), Share(a.Value)))],
    };

    /// <summary>Most entries of an assignment that is written come from the one that was read here: they are kept as they are.</summary>
    public AssignmentDocument Share(AssignmentDocument assignment)
    {
        var entries = new AssignmentEntry[assignment.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = assignment.Entries[i];
            var group = Share(entry.Group);
            entries[i] = ReferenceEquals(group, entry.Group) ? entry : entry with
            {
                Group = group,
                TcpPorts = entry.TcpPorts.Count == 0 ? [] : entry.TcpPorts,
                UdpPorts = entry.UdpPorts.Count == 0 ? [] : entry.UdpPorts,
            };
        }
        return assignment with { Entries = entries };
    }

    /// <summary>
    /// The task without what passes and counts never look at. Tasks that are rewritten as they are soon (those that do not run yet, those that
    /// are to be accounted for) are kept whole.
    /// </summary>
    public TaskDocument Share(TaskDocument task)
    {
        var shared = task with
        {
            ClusterName = Share(task.ClusterName),
            Family = Share(task.Family),
            TaskDefinitionArn = Share(task.TaskDefinitionArn),
            LaunchType = Share(task.LaunchType),
            CapacityProvider = Share(task.CapacityProvider),
            PlatformVersion = Share(task.PlatformVersion),
            Group = Share(task.Group),
            StartedBy = Share(task.StartedBy),
            ServiceName = Share(task.ServiceName),
            DeploymentId = Share(task.DeploymentId),
            InstanceId = Share(task.InstanceId),
            InstanceArn = Share(task.InstanceArn),
            AvailabilityZone = Share(task.AvailabilityZone),
            Cpu = Share(task.Cpu),
            Memory = Share(task.Memory),
            LastStatus = Share(task.LastStatus),
            DesiredStatus = Share(task.DesiredStatus),
            HealthStatus = Share(task.HealthStatus),
        };
        return task.IsStopped || TaskStatus.IsBefore(task.LastStatus, TaskStatus.Running) ? shared : shared with
        {
            IsAbridged = true,
            Containers = [],
            Overrides = null,
            Attachments = [],
            Tags = TagSet.Empty,
        };
    }

    [return: NotNullIfNotNull(nameof(text))]
    private string? Share(string? text)
    {
        if (text is null || text.Length == 0)
        {
            return text is null ? null : "";
        }
        if (_texts.TryGetValue(text, out var known))
        {
            return known;
        }
        if (_texts.Count >= MaximumTexts)
        {
            _texts.Clear();
        }
        _texts.Add(text);
        return text;
    }
}
