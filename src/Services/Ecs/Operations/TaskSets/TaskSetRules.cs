using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What the task set operations share: finding the service and the set, and changing a set in one write.</summary>
internal static class TaskSetRules
{
    public const int MaximumTaskSets = 5;
    private const string Resource = "task-set";

    /// <summary>The active service, which must leave its rollouts to somebody else.</summary>
    public static async ValueTask<Document<ServiceDocument>> ServiceAsync(
        EcsContext cx, ClusterDocument cluster, string? reference, CancellationToken stop)
    {
        var found = await ServiceRules.FindAsync(cx, cluster.Name, reference, stop);
        if (found is null || found.Value.Status == ServiceDocument.Inactive)
        {
            throw new ServiceNotFoundException("Service not found.");
        }
        if (found.Value.Status != ServiceDocument.Active)
        {
            throw new ServiceNotActiveException("Service was not ACTIVE.");
        }
        return found.Value.HasTaskSets
            ? found
            : throw new InvalidParameterException("Task sets are only supported for services that use the EXTERNAL deployment controller.");
    }

    public static string ArnOf(EcsContext cx, ServiceDocument service, string id) => ArnOf(cx, service.ClusterName, service.Name, id);

    public static string ArnOf(EcsContext cx, string cluster, string service, string id) => cx.Arn($"{Resource}/{cluster}/{service}/{id}");

    /// <summary>The set's id, from that or from its ARN. Ids look like <c>ecs-svc/1234</c>.</summary>
    public static string IdOf(EcsContext cx, ServiceDocument service, string? reference) => IdOf(cx, service.ClusterName, service.Name, reference);

    public static string IdOf(EcsContext cx, string cluster, string service, string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            throw new InvalidParameterException("TaskSet can not be blank.");
        }
        if (!Kernel.Arn.TryParse(reference, out _))
        {
            return reference;
        }
        var prefix = ArnOf(cx, cluster, service, "");
        return reference.StartsWith(prefix, StringComparison.Ordinal)
            ? reference[prefix.Length..]
            : throw new InvalidParameterException("Invalid identifier: Unexpected ARN for a task set of this service.");
    }

    public static double ScaleOf(Scale? scale)
    {
        var value = scale?.Value ?? 0;
        if (scale?.Unit is not (null or "PERCENT"))
        {
            throw new InvalidParameterException($"Invalid scale unit: {scale.Unit}. The valid value is PERCENT.");
        }
        // Written so that a value that is no number is refused too.
        return value is >= 0 and <= TaskSetPlan.WholeService ? value : throw new InvalidParameterException("Scale value must be between 0 and 100.");
    }

    /// <summary>Changes one set of a service, and tells how the service is then.</summary>
    public static async ValueTask<TaskSet> ChangeAsync(
        EcsContext cx, string? clusterReference, string? serviceReference, string? reference,
        Func<ServiceDocument, TaskSetRecord, ServiceDocument> change, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(clusterReference, stop);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await ServiceAsync(cx, cluster, serviceReference, stop);
            var id = IdOf(cx, found.Value, reference);
            var set = found.Value.TaskSets.FirstOrDefault(s => s.Id == id) ?? throw new TaskSetNotFoundException("The specified task set wasn't found.");
            var next = change(found.Value, set);
            if (ReferenceEquals(next, found.Value) || (await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Service, found, next), stop)).Committed)
            {
                var counts = await ServiceRules.CountAsync(cx, next, stop);
                return TaskSetShapes.Of(next, next.TaskSets.FirstOrDefault(s => s.Id == id) ?? set, cluster.Arn, counts, withTags: true);
            }
        }
        throw EcsContext.Contended();
    }

    public static ServiceDocument With(ServiceDocument service, TaskSetRecord set) =>
        service with { TaskSets = [.. service.TaskSets.Select(s => s.Id == set.Id ? set : s)] };
}
