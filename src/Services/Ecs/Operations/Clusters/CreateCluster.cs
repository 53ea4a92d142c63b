using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class CreateCluster
{
    /// <summary>Creating a cluster that exists answers with it, as AWS does; a deleted one comes back to life.</summary>
    public static async ValueTask<CreateClusterResponse> HandleAsync(EcsContext cx, CreateClusterRequest request, CancellationToken stop)
    {
        var name = string.IsNullOrEmpty(request.ClusterName) ? ClusterDocument.DefaultName : request.ClusterName;
        if (!EcsNames.Identifier().IsMatch(name))
        {
            throw new InvalidParameterException(
                "Cluster name contains invalid characters. Up to 255 letters, numbers, hyphens and underscores are allowed.");
        }
        var tags = Shapes.Tags(request.Tags);
        DisconnectPolicy.Check(tags);
        OfflineCredentials.Check(tags);
        ClusterRules.Check(request.Settings);
        ClusterRules.Check(request.Configuration);
        var providers = request.CapacityProviders is null ? null : await StrategyRules.AssociatedAsync(cx, request.CapacityProviders, stop);
        if (cx.IsStrict && request.DefaultCapacityProviderStrategy is { } asked)
        {
            AwsStrict.DefaultStrategy(StrategyRules.Declared(asked, providers ?? []));
        }
        var cluster = cx.NewCluster(name) with
        {
            Tags = tags,
            Declared = new Cluster
            {
                Settings = request.Settings
                    ?? [new ClusterSetting { Name = ClusterRules.Insights, Value = await AccountSettings.EffectiveAsync(cx, ClusterRules.Insights, stop) }],
                Configuration = request.Configuration,
                CapacityProviders = providers,
                DefaultCapacityProviderStrategy = request.DefaultCapacityProviderStrategy is null
                    ? null : StrategyRules.Declared(request.DefaultCapacityProviderStrategy, providers ?? []),
                ServiceConnectDefaults = request.ServiceConnectDefaults is { Namespace: { } ns }
                    ? new ClusterServiceConnectDefaults { Namespace = ns } : null,
            },
        };
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            if (found is { Value.IsActive: true })
            {
                return new CreateClusterResponse
                {
                    Cluster = Shapes.Cluster(found.Value, await ClusterCounting.CountAsync(cx, name, stop)),
                };
            }
            var commit = found is null
                ? new Commit().Create(EcsKinds.Cluster, cx.Scope, name, cluster)
                : new Commit().Update(EcsKinds.Cluster, found, cluster);
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new CreateClusterResponse { Cluster = Shapes.Cluster(cluster, ClusterCounts.None) };
            }
        }
        throw EcsContext.Contended();
    }
}
