using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What the cluster operations share: the settings that a cluster may have, and changing what it declares.</summary>
internal static class ClusterRules
{
    public const string Insights = "containerInsights";
    private static readonly string[] InsightsValues = ["disabled", "enabled", "enhanced"];

    public static void Check(IReadOnlyList<ClusterSetting>? settings)
    {
        foreach (var setting in settings ?? [])
        {
            if (setting.Name != Insights)
            {
                throw new InvalidParameterException($"Invalid cluster setting name '{setting.Name}'. The valid name is {Insights}.");
            }
            if (!InsightsValues.Contains(setting.Value))
            {
                throw new InvalidParameterException(
                    $"Invalid cluster setting value '{setting.Value}' for {Insights}. The valid values are {string.Join(", ", InsightsValues)}.");
            }
        }
        if (settings?.Count > 1)
        {
            throw new InvalidParameterException($"The cluster setting {Insights} can be specified only once.");
        }
    }

    /// <summary>What a command in a task may be logged to; the rest of a cluster's configuration is kept as it is.</summary>
    public static void Check(ClusterConfiguration? configuration)
    {
        if (configuration?.ExecuteCommandConfiguration is not { } execute)
        {
            return;
        }
        if (execute.Logging is not (null or "NONE" or "DEFAULT" or "OVERRIDE"))
        {
            throw new InvalidParameterException($"Invalid executeCommandConfiguration logging '{execute.Logging}'.");
        }
        if (execute.Logging == "OVERRIDE" && execute.LogConfiguration is null)
        {
            throw new InvalidParameterException("logConfiguration is required when executeCommandConfiguration logging is OVERRIDE.");
        }
        if (execute.Logging != "OVERRIDE" && execute.LogConfiguration is not null)
        {
            throw new InvalidParameterException("logConfiguration can only be specified when executeCommandConfiguration logging is OVERRIDE.");
        }
    }

    public static async ValueTask<Cluster> ChangeAsync(EcsContext cx, string? reference, Action<Cluster> change, CancellationToken stop)
    {
        var name = EcsNames.Cluster(reference);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Cluster, cx.Scope, name, stop);
            if (found is not { Value.IsActive: true })
            {
                throw new ClusterNotFoundException("Cluster not found.");
            }
            var declared = StoredShapes.Copy(found.Value.Declared);
            change(declared);
            var updated = found.Value with { Declared = declared };
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Cluster, found, updated), stop)).Committed)
            {
                return Shapes.Cluster(updated, await ClusterCounting.CountAsync(cx, name, stop));
            }
        }
        throw EcsContext.Contended();
    }
}
