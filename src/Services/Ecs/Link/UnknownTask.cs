using Longspan.AgentLink;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// A task that a node runs and that we have never heard of, as after the server was restored from a backup. It is neither stopped nor given
/// to a service: it becomes a task of its own, which holds what it takes on its node, is listed like any other, and runs until someone
/// stops it.
/// </summary>
internal static class UnknownTask
{
    /// <summary><c>startedBy</c> of these tasks: ListTasks finds them by it.</summary>
    public const string StartedBy = "longspan/unknown";
    public const string Missing = "The container instance does not have the task any more";

    /// <summary>The new document; null when the task is known, whatever became of it.</summary>
    public static async ValueTask<TaskDocument?> AdoptAsync(LinkContext link, NodeTaskReport found, DateTimeOffset now, CancellationToken stop)
    {
        if (!Arn.TryParse(found.TaskArn, out var arn) || arn.Resource.Split('/') is not ["task", var cluster, { Length: > 0 } id]
            || cluster != link.Instance.ClusterName || !IsId(id) || found.TaskArn != link.Account.Arn($"task/{cluster}/{id}"))
        {
            return null;
        }
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            if (await link.Documents.GetAsync(EcsKinds.EcsTask, link.Scope, id, stop) is not null)
            {
                return null;
            }
            var definition = found.Family is { } family && int.TryParse(found.Version, out var revision)
                ? (await link.Documents.GetAsync(
                    EcsKinds.TaskDefinition, link.Account.DocumentScope, TaskDefinitionDocument.NameOf(family, revision), stop))?.Value
                : null;
            var task = Document(link, found, id, definition, now);
            var assignment = await link.Documents.GetAsync(EcsKinds.Assignment, link.Scope, link.Instance.Id, stop);
            if (assignment?.Value.Entries.Count >= AssignmentDocument.MaximumEntries)
            {
                return null;
            }
            var demand = definition is null ? null : TaskSizes.Demand(definition, null);
            var next = (assignment?.Value ?? new AssignmentDocument()).With(new AssignmentEntry
            {
                TaskId = id, Group = task.Group!, CpuUnits = demand?.CpuUnits ?? 0, MemoryMib = demand?.MemoryMib ?? 0,
                TcpPorts = demand?.TcpPorts ?? [], UdpPorts = demand?.UdpPorts ?? [],
            });
            var commit = new Commit().Create(EcsKinds.EcsTask, link.Scope, id, task);
            commit = assignment is null
                ? commit.Create(EcsKinds.Assignment, link.Scope, link.Instance.Id, next)
                : commit.Update(EcsKinds.Assignment, assignment, next);
            await TellServiceAsync(link, found, task, now, commit, stop);
            if ((await link.Documents.CommitAsync(commit, stop)).Committed)
            {
                return task;
            }
        }
        throw EcsContext.Contended();
    }

    // A document's name and a path on the node: no more than what we make ourselves.
    private static bool IsId(string id) => id.Length <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static async ValueTask TellServiceAsync(
        LinkContext link, NodeTaskReport found, TaskDocument task, DateTimeOffset now, Commit commit, CancellationToken stop)
    {
        if (found.ServiceName is { Length: > 0 } name
            && await link.Documents.GetAsync(EcsKinds.Service, link.Scope, name, stop) is { } service)
        {
            commit.Update(EcsKinds.Service, service, service.Value.WithEvent(Ids.Uuid(),
                $"does not know (task {task.Id}), which runs on (container-instance {link.Instance.Id}) in its name. It is kept and does not count; "
                + "stop it if it is not wanted.", now));
        }
    }

    private static TaskDocument Document(LinkContext link, NodeTaskReport found, string id, TaskDefinitionDocument? definition, DateTimeOffset now)
    {
        var family = found.Family ?? "unknown";
        var revision = int.TryParse(found.Version, out var number) ? number : 0;
        return new TaskDocument
        {
            Id = id,
            Arn = found.TaskArn!,
            ClusterName = link.Instance.ClusterName,
            Family = family,
            Revision = revision,
            TaskDefinitionArn = definition?.Arn ?? link.Account.Arn($"task-definition/{family}:{revision}"),
            LaunchType = link.Instance.IsExternal ? LaunchTypes.External : link.Instance.IsFargateCapacity ? LaunchTypes.Fargate : LaunchTypes.Ec2,
            Group = "unknown:" + (found.ServiceName ?? family),
            StartedBy = StartedBy,
            InstanceId = link.Instance.Id,
            InstanceArn = link.Instance.Arn,
            AvailabilityZone = link.Instance.AvailabilityZone,
            LastStatus = found.KnownStatus == AgentTask.Running ? Rules.TaskStatus.Running : Rules.TaskStatus.Pending,
            DesiredStatus = Rules.TaskStatus.Running,
            Containers = [.. (definition?.Containers ?? []).Select(c => new ContainerRecord
            {
                Name = c.Name!, Arn = link.Account.Arn($"container/{link.Instance.ClusterName}/{id}/{Ids.Uuid()}"), Image = c.Image,
                Essential = c.Essential ?? true,
            })],
            CreatedAt = now,
            StartedAt = found.KnownStatus == AgentTask.Running ? now : null,
            ConnectivityAt = now,
            PrivateAddress = found.PrivateIPv4Address,
        };
    }
}
