using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DeregisterTaskDefinition
{
    public static async ValueTask<DeregisterTaskDefinitionResponse> HandleAsync(
        EcsContext cx, DeregisterTaskDefinitionRequest request, CancellationToken stop)
    {
        if (EcsNames.TaskDefinition(request.TaskDefinition).Revision is null)
        {
            throw new ClientException("Revision is missing.");
        }
        var found = await ChangeAsync(cx, request.TaskDefinition, document =>
            document.Status == TaskDefinitionDocument.Active
                ? document with { Status = TaskDefinitionDocument.Inactive, DeregisteredAt = cx.Now }
                : document, stop);
        return new DeregisterTaskDefinitionResponse { TaskDefinition = Shapes.TaskDefinition(found) };
    }

    /// <summary>Changes one revision's status, and with it what the family's name alone stands for.</summary>
    public static async ValueTask<TaskDefinitionDocument> ChangeAsync(
        EcsContext cx, string? reference, Func<TaskDefinitionDocument, TaskDefinitionDocument> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.FindTaskDefinitionAsync(reference, stop)
                ?? throw new ClientException("Unable to describe task definition.");
            var next = change(found.Value);
            if (ReferenceEquals(next, found.Value))
            {
                return next;
            }
            var commit = new Commit().Update(EcsKinds.TaskDefinition, found, next);
            var counter = await cx.Documents.GetAsync(EcsKinds.Family, cx.Scope, next.Family, stop);
            if (counter is not null && counter.Value.LatestActiveRevision == next.Revision)
            {
                commit.Update(EcsKinds.Family, counter,
                    counter.Value with { LatestActiveRevision = await LatestActiveBelowAsync(cx, next, stop) });
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return next;
            }
        }
        throw EcsContext.Contended();
    }

    private static async ValueTask<int> LatestActiveBelowAsync(EcsContext cx, TaskDefinitionDocument document, CancellationToken stop)
    {
        for (var revision = document.Revision - 1; revision > 0; revision--)
        {
            var name = TaskDefinitionDocument.NameOf(document.Family, revision);
            var found = await cx.Documents.GetAsync(EcsKinds.TaskDefinition, cx.Scope, name, stop);
            if (found?.Value.Status == TaskDefinitionDocument.Active)
            {
                return revision;
            }
        }
        return 0;
    }
}
