using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Gives a task set another share of its service's desired count; nothing else of a set changes.</summary>
internal static class UpdateTaskSet
{
    public static async ValueTask<UpdateTaskSetResponse> HandleAsync(EcsContext cx, UpdateTaskSetRequest request, CancellationToken stop)
    {
        if (request.Scale?.Value is null)
        {
            throw new InvalidParameterException("Scale can not be blank.");
        }
        var scale = TaskSetRules.ScaleOf(request.Scale);
        return new UpdateTaskSetResponse
        {
            TaskSet = await TaskSetRules.ChangeAsync(cx, request.Cluster, request.Service, request.TaskSet, (service, set) =>
                set.IsDraining ? throw new InvalidParameterException("The task set is being deleted and can't be updated.")
                : set.Scale.Equals(scale) ? service
                : TaskSetRules.With(service, set.Rescaled(cx.Now) with { Scale = scale }), stop),
        };
    }
}
