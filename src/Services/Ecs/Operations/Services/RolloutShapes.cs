using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>A service's rollouts on the wire, and the ARNs by which they are asked for.</summary>
internal static class RolloutShapes
{
    public const string DeploymentResource = "service-deployment";
    public const string RevisionResource = "service-revision";

    public static string DeploymentArn(EcsContext cx, ServiceDocument service, string id) =>
        cx.Arn($"{DeploymentResource}/{service.ClusterName}/{service.Name}/{id}");

    public static string RevisionArn(EcsContext cx, ServiceDocument service, string id) =>
        cx.Arn($"{RevisionResource}/{service.ClusterName}/{service.Name}/{id}");

    /// <summary>The service and the rollout that the ARN names; null when there is none.</summary>
    public static async ValueTask<(Document<ServiceDocument> Service, RolloutRecord Record)?> FindAsync(
        EcsContext cx, string? reference, string resource, CancellationToken stop)
    {
        var parts = Kernel.Arn.TryParse(reference, out var arn) && arn.Service == "ecs" ? arn.Resource.Split('/') : [];
        if (parts.Length != 4 || parts[0] != resource)
        {
            throw new InvalidParameterException($"Invalid identifier: Unexpected ARN for a {resource.Replace('-', ' ')}.");
        }
        // The whole ARN must be ours: account and region included.
        var service = await cx.Documents.GetAsync(EcsKinds.Service, cx.ClusterScope(parts[1]), parts[2], stop);
        var record = service?.Value.History.FirstOrDefault(r => r.Id == parts[3]);
        return service is null || record is null || cx.Arn(arn!.Resource) != reference ? null : (service, record);
    }

    public static ServiceDeployment Deployment(
        EcsContext cx, ServiceDocument service, RolloutRecord record, IReadOnlyList<TaskDocument> live) => new()
        {
            ServiceDeploymentArn = DeploymentArn(cx, service, record.Id),
            ServiceArn = service.Arn,
            ClusterArn = EcsNames.ClusterArn(cx.Call, service.ClusterName),
            CreatedAt = record.CreatedAt,
            StartedAt = record.CreatedAt,
            FinishedAt = record.FinishedAt,
            StoppedAt = record.Status == RolloutRecord.Stopped ? record.FinishedAt : null,
            UpdatedAt = record.UpdatedAt,
            SourceServiceRevisions = record.SourceId is { } source ? [Summary(cx, service, source, requested: 0, live)] : [],
            TargetServiceRevision = Summary(cx, service, record.Id, service.DesiredCount, live),
            Status = record.Status,
            StatusReason = record.StatusReason,
            DeploymentConfiguration = ServiceShapes.Configuration(service with { Declared = record.Declared }),
            Rollback = record.RollbackDeploymentId is null ? null : new Rollback
            {
                Reason = record.RollbackReason, StartedAt = record.RollbackStartedAt,
                ServiceRevisionArn = record.RollbackTargetId is { } back ? RevisionArn(cx, service, back) : null,
            },
            DeploymentCircuitBreaker = new ServiceDeploymentCircuitBreaker
            {
                Status = BreakerStatus(service, record), FailureCount = record.FailedTasks,
                Threshold = DeploymentFailures.BreakerThreshold(service.DesiredCount),
            },
        };

    private static string BreakerStatus(ServiceDocument service, RolloutRecord record) =>
        record.Declared.DeploymentConfiguration?.DeploymentCircuitBreaker?.Enable is not true ? "DISABLED"
        : !record.IsOver && record.RollbackDeploymentId is null ? "MONITORING"
        : record.FailedTasks >= DeploymentFailures.BreakerThreshold(service.DesiredCount) && record.Status != RolloutRecord.Successful ? "TRIGGERED"
        : "MONITORING_COMPLETE";

    // A rollback's tasks count for the revision that it brings back.
    private static ServiceRevisionSummary Summary(
        EcsContext cx, ServiceDocument service, string id, int requested, IReadOnlyList<TaskDocument> live)
    {
        var own = live.Where(t => t.WantsRunning && RevisionOf(service, t.DeploymentId) == id).ToList();
        return new ServiceRevisionSummary
        {
            Arn = RevisionArn(cx, service, id),
            RequestedTaskCount = requested,
            RunningTaskCount = own.Count(t => t.IsRunning),
            PendingTaskCount = own.Count(t => Rules.TaskStatus.IsBefore(t.LastStatus, Rules.TaskStatus.Running)),
        };
    }

    private static string? RevisionOf(ServiceDocument service, string? deploymentId) =>
        service.History.FirstOrDefault(h => h.DeploymentId == deploymentId)?.Id
        ?? service.History.FirstOrDefault(h => h.RollbackDeploymentId == deploymentId)?.RollbackTargetId;
}
