using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// Keeps a service's rollouts after its deployments have gone. The history follows from the service document alone and is written in the
/// same commit, so it can neither run ahead nor miss one.
/// </summary>
internal static class ServiceHistory
{
    public const int MaximumRollouts = 20;

    /// <summary>The service with its history brought up to its deployments; the same document when nothing is new.</summary>
    public static ServiceDocument Recorded(ServiceDocument service, DateTimeOffset now)
    {
        if (service.HasTaskSets)
        {
            return service;
        }
        var history = service.History.ToList();
        foreach (var deployment in service.Deployments.Reverse().Where(d => d.RollbackOf is null && history.All(h => h.DeploymentId != d.Id)))
        {
            history.Insert(0, NewRecord(service, deployment, history.FirstOrDefault()?.OutcomeId));
        }
        var next = history.Take(MaximumRollouts).Select(h => h.IsOver ? h : Advanced(h, service, now)).ToList();
        return next.Count == service.History.Count && next.Zip(service.History, ReferenceEquals).All(same => same)
            ? service : service with { History = next };
    }

    /// <summary>What a rollback of the primary deployment would return to, or null when nothing before it ever succeeded.</summary>
    public static RolloutRecord? RollbackTarget(ServiceDocument service) =>
        service.History.FirstOrDefault(h => h.DeploymentId != service.Primary.Id && h.Status == RolloutRecord.Successful);

    private static RolloutRecord NewRecord(ServiceDocument service, DeploymentRecord deployment, string? source) => new()
    {
        Id = deployment.Id[(deployment.Id.LastIndexOf('/') + 1)..],
        DeploymentId = deployment.Id,
        TaskDefinitionArn = deployment.TaskDefinitionArn,
        LaunchType = service.LaunchType,
        PlatformVersion = service.PlatformVersion,
        Declared = service.Declared,
        CreatedAt = deployment.CreatedAt,
        UpdatedAt = deployment.UpdatedAt,
        SourceId = source,
    };

    private static RolloutRecord Advanced(RolloutRecord record, ServiceDocument service, DateTimeOffset now)
    {
        var own = service.Deployments.FirstOrDefault(d => d.Id == record.DeploymentId);
        var back = service.Deployments.FirstOrDefault(d => d.RollbackOf == record.DeploymentId);
        if (own is not null && own.FailedTasks != record.FailedTasks)
        {
            record = record with { FailedTasks = own.FailedTasks, UpdatedAt = now };
        }
        if (back is not null && record.RollbackDeploymentId is null)
        {
            record = record with
            {
                Status = RolloutRecord.RollbackInProgress,
                StatusReason = back.RolloutStateReason,
                RollbackDeploymentId = back.Id,
                RollbackTargetId = back.RollbackTo,
                RollbackReason = back.RolloutStateReason,
                RollbackStartedAt = back.CreatedAt,
                UpdatedAt = now,
            };
        }
        var current = record.RollbackDeploymentId is null ? own : back;
        var gone = current is null || current.Id != service.Primary.Id || service.Status != ServiceDocument.Active;
        var (status, reason) = current?.RolloutState switch
        {
            DeploymentRecord.Completed => (record.RollbackDeploymentId is null ? RolloutRecord.Successful : RolloutRecord.RollbackSuccessful, null),
            DeploymentRecord.Failed => (Ended(record), current.RolloutStateReason),
            _ when gone => (Ended(record), "Service deployment stopped because a newer one, or the end of the service, came first."),
            _ => (record.Status, record.StatusReason),
        };
        return status == record.Status ? record
            : record with { Status = status, StatusReason = reason ?? record.StatusReason, FinishedAt = now, UpdatedAt = now };
    }

    private static string Ended(RolloutRecord record) =>
        record.RollbackDeploymentId is null ? RolloutRecord.Stopped : RolloutRecord.RollbackFailed;
}
