using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Begins the end of a service: DRAINING while its tasks stop, INACTIVE after. Without <c>force</c> it must be scaled to zero first.</summary>
internal static class DeleteService
{
    public static async ValueTask<DeleteServiceResponse> HandleAsync(EcsContext cx, DeleteServiceRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await ServiceRules.FindAsync(cx, cluster.Name, request.Service, stop);
            if (found is null || found.Value.Status == ServiceDocument.Inactive)
            {
                throw new ServiceNotFoundException("Service not found.");
            }
            var service = found.Value;
            if (service.Status == ServiceDocument.Active && service.DesiredCount > 0 && !service.IsDaemon && request.Force is not true)
            {
                throw new InvalidParameterException("The service cannot be stopped while it is scaled above 0.");
            }
            if (service.Status == ServiceDocument.Active && service.TaskSets.Any(s => !s.IsDraining) && request.Force is not true)
            {
                throw new InvalidParameterException("The service cannot be stopped while deployments are active.");
            }
            var live = await ServiceRules.LiveAsync(cx, service, stop);
            var next = service with
            {
                Status = live.Count == 0 ? ServiceDocument.Inactive : ServiceDocument.Draining,
                DesiredCount = 0,
                TaskSets = live.Count == 0 ? [] : [.. service.TaskSets.Select(s => s with { Status = TaskSetRecord.DrainingStatus, Scale = 0 })],
            };
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Service, found, next), stop)).Committed)
            {
                // AWS answers DRAINING even when nothing is left to drain.
                return new DeleteServiceResponse
                {
                    Service = ServiceShapes.Service(next with { Status = ServiceDocument.Draining }, cluster.Arn, ServiceCounts.Of(live), withTags: true),
                };
            }
        }
        throw EcsContext.Contended();
    }
}
