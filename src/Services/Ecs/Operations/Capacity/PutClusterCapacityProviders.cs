using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Replaces a cluster's providers and its default strategy. A provider that a service or task uses can't be taken away.</summary>
internal static class PutClusterCapacityProviders
{
    public static async ValueTask<PutClusterCapacityProvidersResponse> HandleAsync(
        EcsContext cx, PutClusterCapacityProvidersRequest request, CancellationToken stop)
    {
        var name = (await cx.ClusterAsync(request.Cluster, stop)).Name;
        var providers = await StrategyRules.AssociatedAsync(cx, request.CapacityProviders, stop);
        var strategy = StrategyRules.Declared(request.DefaultCapacityProviderStrategy, providers);
        if (cx.IsStrict)
        {
            AwsStrict.DefaultStrategy(strategy);
        }
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            if (found is not { Value.IsActive: true })
            {
                throw new ClusterNotFoundException("Cluster not found.");
            }
            await CheckUnusedAsync(cx, name, (found.Value.Declared.CapacityProviders ?? []).Except(providers), stop);
            var kept = found.Value.Declared;
            var updated = found.Value with
            {
                Declared = new Cluster
                {
                    Settings = kept.Settings,
                    Configuration = kept.Configuration,
                    CapacityProviders = providers,
                    DefaultCapacityProviderStrategy = strategy,
                    ServiceConnectDefaults = kept.ServiceConnectDefaults,
                },
            };
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Cluster, found, updated), stop)).Committed)
            {
                await CheckAgainAsync(cx, name, found.Value, updated, stop);
                var shape = Shapes.Cluster(updated, await ClusterCounting.CountAsync(cx, name, stop));
                shape.AttachmentsStatus = "UPDATE_COMPLETE";
                return new PutClusterCapacityProvidersResponse { Cluster = shape };
            }
        }
        throw EcsContext.Contended();
    }

    // Whoever uses a provider expects the cluster as it was read. So after the write nobody new can come to the providers that it took
    // away, and whoever came between the first check and the write is seen by the second, which then takes the write back.
    private static async ValueTask CheckAgainAsync(
        EcsContext cx, string name, ClusterDocument former, ClusterDocument updated, CancellationToken stop)
    {
        try
        {
            await CheckUnusedAsync(cx, name, (former.Declared.CapacityProviders ?? []).Except(updated.Declared.CapacityProviders!), stop);
        }
        catch (ResourceInUseException)
        {
            var now = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            // Another change since has the last word.
            if (now is not null && now.Value.Declared.CapacityProviders!.SequenceEqual(updated.Declared.CapacityProviders!))
            {
                var declared = StoredShapes.Copy(now.Value.Declared);
                declared.CapacityProviders = former.Declared.CapacityProviders;
                declared.DefaultCapacityProviderStrategy = former.Declared.DefaultCapacityProviderStrategy;
                await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Cluster, now, now.Value with { Declared = declared }), stop);
            }
            throw;
        }
    }

    private static async ValueTask CheckUnusedAsync(EcsContext cx, string cluster, IEnumerable<string> removed, CancellationToken stop)
    {
        var names = removed.ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
        {
            return;
        }
        var scope = cx.ClusterScope(cluster);
        var services = await cx.Documents.ListAsync(EcsKinds.Service, scope, stop);
        var used = services.Where(s => s.Value.Status != ServiceDocument.Inactive)
            .SelectMany(s => (s.Value.Declared.CapacityProviderStrategy ?? [])
                .Concat(s.Value.TaskSets.SelectMany(set => set.Declared.CapacityProviderStrategy ?? []))).Any(i => names.Contains(i.CapacityProvider!));
        if (!used)
        {
            var live = await cx.Documents.ListByIndexAsync(EcsKinds.EcsTask, scope, EcsKinds.ByStatus, Rules.TaskStatus.Running, stop);
            used = live.Any(t => t.Value.CapacityProvider is { } provider && names.Contains(provider));
        }
        if (used)
        {
            throw new ResourceInUseException("The specified capacity provider is in use and cannot be removed.");
        }
    }
}
