using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Puts one task on each named instance, without asking the scheduler but never beyond what the instance has free.</summary>
internal static class StartTask
{
    public const int MaximumInstances = 10;

    public static async ValueTask<StartTaskResponse> HandleAsync(EcsContext cx, StartTaskRequest request, CancellationToken stop)
    {
        if (request.ContainerInstances is not { Count: >= 1 and <= MaximumInstances } references)
        {
            throw new InvalidParameterException("Container instances must have between 1 and 10 items.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        var definition = await cx.ActiveTaskDefinitionAsync(request.TaskDefinition, stop);
        UnservedRules.Volumes(request.VolumeConfigurations);
        TaskChecks.Request(definition, request.NetworkConfiguration, request.Overrides);
        var template = new TaskTemplate
        {
            Definition = definition,
            ClusterName = cluster.Name,
            LaunchType = LaunchTypes.Ec2,
            Group = TaskChecks.Group(request.Group, definition),
            StartedBy = TaskChecks.StartedBy(request.StartedBy),
            Overrides = request.Overrides,
            Network = request.NetworkConfiguration?.AwsvpcConfiguration,
            EnableExecuteCommand = request.EnableExecuteCommand ?? false,
            Tags = TaskChecks.Tags(request.Tags, TaskChecks.Propagation(request.PropagateTags), definition,
                managed: request.EnableECSManagedTags is true ? cluster.Name : null),
        };
        var placement = template.Request();
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            using var turn = await cx.Turns.TakeAsync(scope, attempt, stop);
            var capacity = await ClusterCapacity.LoadAsync(cx.Documents, scope, stop);
            var failures = new List<Failure>();
            foreach (var reference in references)
            {
                var id = EcsNames.Member(reference, "container-instance", cluster.Name);
                if (capacity.Instance(id) is not { } instance)
                {
                    failures.Add(Shapes.Missing(cx.Arn($"container-instance/{cluster.Name}/{id}")));
                }
                else if (instance.Status != ContainerInstanceDocument.Active)
                {
                    failures.Add(new Failure { Arn = instance.Arn, Reason = "INACTIVE" });
                }
                else if (!instance.AgentConnected)
                {
                    failures.Add(new Failure { Arn = instance.Arn, Reason = "AGENT" });
                }
                else if (capacity.RefusalOf(id, placement) is { } refusal)
                {
                    failures.Add(new Failure { Arn = instance.Arn, Reason = refusal });
                }
                else
                {
                    capacity.PlanOn(
                        id, template with { LaunchType = instance.IsExternal ? LaunchTypes.External : LaunchTypes.Ec2 }, placement, cx.Now);
                }
            }
            var commit = new Commit();
            capacity.AddTo(commit);
            if (commit.IsEmpty || (await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new StartTaskResponse
                {
                    Tasks = [.. capacity.Planned.Select(p => Shapes.EcsTask(p.Task, cluster.Arn, withTags: true))], Failures = failures,
                };
            }
        }
        throw EcsContext.Contended();
    }
}
