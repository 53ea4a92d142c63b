using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Deletes a provider that no cluster is associated with. It is gone at once.</summary>
internal static class DeleteCapacityProvider
{
    public static async ValueTask<DeleteCapacityProviderResponse> HandleAsync(
        EcsContext cx, DeleteCapacityProviderRequest request, CancellationToken stop)
    {
        var name = CapacityProviderRules.NameOf(request.CapacityProvider);
        if (CapacityProviderDocument.IsPredefined(name))
        {
            throw new ClientException($"The specified capacity provider '{name}' is reserved and can't be deleted.");
        }
        var found = await CapacityProviderRules.ExistingAsync(cx, name, stop);
        var user = (await cx.Documents.ListAsync(EcsKinds.Cluster, cx.Scope, stop))
            .FirstOrDefault(c => c.Value.IsActive && c.Value.Declared.CapacityProviders?.Contains(name) is true);
        if (user is not null)
        {
            throw new ClientException(
                $"The specified capacity provider cannot be deleted because it is associated with cluster: {user.Value.Name}. "
                + "Remove the capacity provider from the cluster and try again.");
        }
        if (!(await cx.Documents.CommitAsync(new Commit().Delete(found), stop)).Committed)
        {
            throw EcsContext.Contended();
        }
        var shape = CapacityShapes.Of(found.Value, withTags: true);
        (shape.Status, shape.UpdateStatus) = ("INACTIVE", "DELETE_COMPLETE");
        return new DeleteCapacityProviderResponse { CapacityProvider = shape };
    }
}
