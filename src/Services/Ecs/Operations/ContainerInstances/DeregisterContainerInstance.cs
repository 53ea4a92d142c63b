using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Takes an instance out. With <c>force</c> its tasks count as stopped, so that services replace them; as on AWS, what already runs there
/// runs on unwatched.
/// </summary>
internal static class DeregisterContainerInstance
{
    public static async ValueTask<DeregisterContainerInstanceResponse> HandleAsync(
        EcsContext cx, DeregisterContainerInstanceRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        var id = EcsNames.Member(request.ContainerInstance, "container-instance", cluster.Name);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Instance, scope, id, stop);
            if (found is null || found.Value.Status == ContainerInstanceDocument.Inactive)
            {
                throw new InvalidParameterException("The referenced container instance was not found.");
            }
            OwnInstance.Require(cx, found.Value, nameof(DeregisterContainerInstance));
            var assignment = await cx.Documents.GetAsync(EcsKinds.Assignment, scope, id, stop);
            if (assignment?.Value.Entries.Count > 0 && request.Force is not true)
            {
                throw new InvalidParameterException(
                    "Found running tasks on the instance. Stop the tasks, or use the force parameter to deregister it with them.");
            }
            var next = found.Value with
            {
                Status = ContainerInstanceDocument.Inactive,
                AgentConnected = false,
                Version = found.Value.Version + 1,
            };
            var commit = new Commit().Update(EcsKinds.Instance, found, next);
            if (assignment is not null)
            {
                // Expecting it unchanged keeps a task from being placed in between.
                commit.Expect(assignment);
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                foreach (var entry in assignment?.Value.Entries ?? [])
                {
                    await TaskChange.ApplyAsync(cx.Documents, cx.Turns, scope, entry.TaskId,
                        t => t.IsStopped ? t : t.WithStopped(StopCodes.TerminationNotice, "Container instance was deregistered forcibly by user.", cx.Now) with
                        {
                            Unconfirmed = true,
                        }, stop);
                }
                cx.Sessions.Deregistered(scope, id);
                return new DeregisterContainerInstanceResponse
                {
                    ContainerInstance = await InstanceDescription.OfAsync(cx, scope, next, null, stop),
                };
            }
        }
        throw EcsContext.Contended();
    }
}
