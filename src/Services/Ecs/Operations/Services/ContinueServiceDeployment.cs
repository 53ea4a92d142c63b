using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Continues a rollout that waits at a lifecycle hook. Hooks are refused when a service is created, so none ever waits.</summary>
internal static class ContinueServiceDeployment
{
    public static async ValueTask<ContinueServiceDeploymentResponse> HandleAsync(
        EcsContext cx, ContinueServiceDeploymentRequest request, CancellationToken stop)
    {
        if (request.Action is not (null or "CONTINUE" or "ROLLBACK"))
        {
            throw new InvalidParameterException($"The action {request.Action} is not valid. The valid values are CONTINUE and ROLLBACK.");
        }
        if (string.IsNullOrEmpty(request.HookId))
        {
            throw new InvalidParameterException("HookId can not be blank.");
        }
        _ = await RolloutShapes.FindAsync(cx, request.ServiceDeploymentArn, RolloutShapes.DeploymentResource, stop)
            ?? throw new ServiceDeploymentNotFoundException("The service deployment was not found.");
        throw new InvalidParameterException($"The service deployment has no lifecycle hook {request.HookId} that awaits an action.");
    }
}
