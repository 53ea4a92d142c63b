using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// The one way in which a task changes after it was made, except by being given its place. The task and its node's assignment move in one commit: a task that is to
/// stop is marked in the assignment, and one that has stopped leaves it and frees what it took.
/// </summary>
internal static class TaskChange
{
    /// <summary>The task as it is now, or null when there is none. An unchanged document is not written.</summary>
    public static async ValueTask<TaskDocument?> ApplyAsync(
        DocumentLog documents, Turns turns, string scope, string id, Func<TaskDocument, TaskDocument> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            using var turn = await turns.TakeAsync(scope, attempt, stop);
            var task = await EcsMirror.TaskAsync(documents, scope, id, stop);
            if (task is null)
            {
                return null;
            }
            var next = change(task.Value);
            if (ReferenceEquals(next, task.Value))
            {
                return next;
            }
            if (task.Value.IsWaiting && !next.WantsRunning && !next.IsStopped)
            {
                // No instance has it, so nobody will report its end.
                next = next.WithStopped(StopCodes.UserInitiated, null, next.StoppingAt ?? next.CreatedAt);
            }
            var commit = new Commit().Update(EcsKinds.EcsTask, task, next);
            var stopped = next.IsStopped && !task.Value.IsStopped;
            if (next.InstanceId.Length > 0 && (stopped || (!next.WantsRunning && task.Value.WantsRunning)))
            {
                var assignment = await EcsMirror.ReadAsync(documents, scope, cluster => cluster.Assignment(next.InstanceId), stop);
                if (assignment?.Value.Find(id) is not null)
                {
                    commit.Update(EcsKinds.Assignment, assignment,
                        stopped ? assignment.Value.Without(id) : assignment.Value.WithStop(id));
                }
            }
            if ((await documents.CommitAsync(commit, stop)).Committed)
            {
                return next;
            }
        }
        throw EcsContext.Contended();
    }
}
