using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Ends a rollout by rolling it back to the last revision that succeeded. Repeated while the rollback runs it changes nothing.</summary>
internal static class StopServiceDeployment
{
    public static async ValueTask<StopServiceDeploymentResponse> HandleAsync(
        EcsContext cx, StopServiceDeploymentRequest request, CancellationToken stop)
    {
        if (request.StopType is not (null or "ROLLBACK"))
        {
            throw new InvalidParameterException($"The stop type {request.StopType} is not valid. The valid value is ROLLBACK.");
        }
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            if (await RolloutShapes.FindAsync(cx, request.ServiceDeploymentArn, RolloutShapes.DeploymentResource, stop) is not (var found, var record))
            {
                throw new ServiceDeploymentNotFoundException("The service deployment was not found.");
            }
            if (record.Status == RolloutRecord.RollbackInProgress)
            {
                return new StopServiceDeploymentResponse { ServiceDeploymentArn = request.ServiceDeploymentArn };
            }
            var service = found.Value;
            if (record.IsOver || service.Primary.Id != record.DeploymentId || service.Status != ServiceDocument.Active)
            {
                throw new ConflictException($"The service deployment cannot be stopped: its status is {record.Status}.");
            }
            var former = ServiceHistory.RollbackTarget(service)
                ?? throw new ConflictException("The service deployment cannot be rolled back: no revision before it was deployed successfully.");
            var next = ServiceRules.WithRollback(service, former, "ECS deployment stopped by user", cx.Now)
                .WithEvent(Kernel.Ids.Uuid(), $"rolling back to deployment {former.DeploymentId}.", cx.Now);
            var commit = new Commit().Update(EcsKinds.Service, found, ServiceHistory.Recorded(next, cx.Now));
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new StopServiceDeploymentResponse { ServiceDeploymentArn = request.ServiceDeploymentArn };
            }
        }
        throw EcsContext.Contended();
    }
}
