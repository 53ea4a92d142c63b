using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Changes a container instance's document; an unchanged one is not written.</summary>
internal static class InstanceChange
{
    public static async ValueTask<ContainerInstanceDocument?> ApplyAsync(
        DocumentLog documents, string scope, string id, Func<ContainerInstanceDocument, ContainerInstanceDocument> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await documents.GetAsync(EcsKinds.Instance, scope, id, stop);
            if (found is null)
            {
                return null;
            }
            var next = change(found.Value);
            if (ReferenceEquals(next, found.Value)
                || (await documents.CommitAsync(new Commit().Update(EcsKinds.Instance, found, next), stop)).Committed)
            {
                return next;
            }
        }
        throw EcsContext.Contended();
    }
}
