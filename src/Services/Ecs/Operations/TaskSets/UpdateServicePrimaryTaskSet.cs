using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Says which task set serves. It is a statement about the set only: no task starts or stops for it.</summary>
internal static class UpdateServicePrimaryTaskSet
{
    public static async ValueTask<UpdateServicePrimaryTaskSetResponse> HandleAsync(
        EcsContext cx, UpdateServicePrimaryTaskSetRequest request, CancellationToken stop) => new()
        {
            TaskSet = await TaskSetRules.ChangeAsync(cx, request.Cluster, request.Service, request.PrimaryTaskSet, (service, set) =>
                set.IsDraining ? throw new InvalidParameterException("The task set is being deleted and can't become the primary task set.")
                : set.Status == TaskSetRecord.PrimaryStatus ? service
                : service with
                {
                    TaskSets = [.. service.TaskSets.Select(s => s.Id == set.Id ? Turned(s, TaskSetRecord.PrimaryStatus, cx.Now)
                    : s.Status == TaskSetRecord.PrimaryStatus ? Turned(s, TaskSetRecord.ActiveStatus, cx.Now) : s)]
                }, stop),
        };

    private static TaskSetRecord Turned(TaskSetRecord set, string status, DateTimeOffset now) =>
        set with { Status = status, Deployment = set.Deployment with { UpdatedAt = now } };
}
