using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Begins the end of a task set: DRAINING while its tasks stop, gone after. Without <c>force</c> it must be scaled to zero first.</summary>
internal static class DeleteTaskSet
{
    public static async ValueTask<DeleteTaskSetResponse> HandleAsync(EcsContext cx, DeleteTaskSetRequest request, CancellationToken stop) => new()
    {
        TaskSet = await TaskSetRules.ChangeAsync(cx, request.Cluster, request.Service, request.TaskSet, (service, set) =>
        {
            if (set.IsDraining)
            {
                return service;
            }
            if (set.Scale > 0 && request.Force is not true)
            {
                throw new InvalidParameterException("The task set cannot be deleted while it is scaled above 0.");
            }
            return TaskSetRules.With(service, set.Rescaled(cx.Now) with { Status = TaskSetRecord.DrainingStatus, Scale = 0 });
        }, stop),
    };
}
