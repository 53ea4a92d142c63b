using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class RegisterTaskDefinition
{
    public static async ValueTask<RegisterTaskDefinitionResponse> HandleAsync(
        EcsContext cx, RegisterTaskDefinitionRequest request, CancellationToken stop)
    {
        var definition = TaskDefinitionRules.Complete(request);
        if (cx.IsStrict)
        {
            AwsStrict.Definition(request);
        }
        var tags = Shapes.Tags(request.Tags);
        var family = request.Family!;
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var counter = await cx.Documents.GetAsync(EcsKinds.Family, cx.Scope, family, stop);
            var revision = (counter?.Value.LatestRevision ?? 0) + 1;
            var document = new TaskDefinitionDocument
            {
                Family = family,
                Revision = revision,
                Arn = cx.Arn($"task-definition/{family}:{revision}"),
                RegisteredAt = cx.Now,
                RegisteredBy = cx.Call.Caller.Arn,
                Definition = definition,
                Tags = tags,
            };
            var next = new TaskDefinitionFamilyDocument { Family = family, LatestRevision = revision, LatestActiveRevision = revision };
            var commit = new Commit().Create(EcsKinds.TaskDefinition, cx.Scope, document.DocumentName, document);
            _ = counter is null
                ? commit.Create(EcsKinds.Family, cx.Scope, family, next)
                : commit.Update(EcsKinds.Family, counter, next);
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new RegisterTaskDefinitionResponse { TaskDefinition = Shapes.TaskDefinition(document), Tags = Shapes.Tags(tags) };
            }
        }
        throw EcsContext.Contended();
    }
}
