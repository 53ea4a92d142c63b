using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Protects tasks of services from scale-in and deployments until a time, or gives them free again. A task may not be protected when that
/// would leave its service with more protected tasks than it should run: it could then never reach its count.
/// </summary>
internal static class UpdateTaskProtection
{
    public const int MaximumTasks = 10;
    public const int DefaultMinutes = 120;
    public const int MaximumMinutes = 2880;

    public static async ValueTask<UpdateTaskProtectionResponse> HandleAsync(
        EcsContext cx, UpdateTaskProtectionRequest request, CancellationToken stop)
    {
        if (request.Tasks is not { Count: >= 1 and <= MaximumTasks } references)
        {
            throw new InvalidParameterException("Tasks can not be empty and have at most 10 items.");
        }
        if (request.ProtectionEnabled is not { } enabled)
        {
            throw new InvalidParameterException("Protection enabled can not be blank.");
        }
        if (request.ExpiresInMinutes is < 1 or > MaximumMinutes)
        {
            throw new InvalidParameterException("Expires in minutes must be between 1 and 2880.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        var until = enabled ? cx.Now + TimeSpan.FromMinutes(request.ExpiresInMinutes ?? DefaultMinutes) : (DateTimeOffset?)null;
        var response = new UpdateTaskProtectionResponse { ProtectedTasks = [], Failures = [] };
        foreach (var reference in references.Distinct(StringComparer.Ordinal))
        {
            var id = EcsNames.Member(reference, "task", cluster.Name);
            var arn = cx.Arn($"task/{cluster.Name}/{id}");
            if (until is not null && await IsBlockedAsync(cx, scope, id, stop))
            {
                response.Failures.Add(new Failure
                {
                    Arn = arn,
                    Reason = "DEPLOYMENT_BLOCKED",
                    Detail = "The service has as many protected tasks as it should run. Another one would keep its deployment from reaching a steady state.",
                });
                continue;
            }
            var task = await TaskChange.ApplyAsync(cx.Documents, cx.Turns, scope, id, t => t.WithProtection(until), stop);
            if (TaskProtections.FailureOf(arn, task) is { } failure)
            {
                response.Failures.Add(failure);
            }
            else
            {
                response.ProtectedTasks.Add(TaskProtections.Shape(task!, cx.Now));
            }
        }
        return response;
    }

    // Two callers at once may each protect a last one; a task too many is kept then, none is lost.
    private static async ValueTask<bool> IsBlockedAsync(EcsContext cx, string scope, string id, CancellationToken stop)
    {
        var task = (await cx.Documents.GetAsync(EcsKinds.EcsTask, scope, id, stop))?.Value;
        if (task is null || !task.MayBeProtected || task.IsProtected(cx.Now)
            || await cx.Documents.GetAsync(EcsKinds.Service, scope, task.ServiceName!, stop) is not { } service)
        {
            return false;
        }
        var live = await ServiceRules.LiveAsync(cx, service.Value, stop);
        return live.Count(t => t.WantsRunning && t.IsProtected(cx.Now)) >= service.Value.DesiredCount;
    }
}
