using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Reconcilers;

/// <summary>Does what parameters' policies say when its time has come. One shard for each parameter that has any.</summary>
internal sealed class ParameterPolicyReconciler(Cloud cloud) : Reconciler
{
    // Neither an account, nor a region, nor a parameter's name holds one.
    private const char Separator = ':';

    public override string Name => "ssm-parameter-policies";

    public override TimeSpan Period => TimeSpan.FromMinutes(15);

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == SsmKinds.Parameters.Name && !change.Deleted ? ShardOf(change.Key) : null;

    public override async ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        [.. (await cloud.Documents.ListAllAsync(SsmKinds.Parameters, stop)).Where(p => p.Value.Policies.Count > 0).Select(p => ShardOf(p.Key))];

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var colon = shard.IndexOf(Separator, StringComparison.Ordinal);
        var parameter = await cloud.Documents.GetAsync(SsmKinds.Parameters, shard[..colon], shard[(colon + 1)..], stop);
        if (parameter is null || parameter.Value.Policies.Count == 0)
        {
            return null;
        }
        var now = cloud.Clock.GetUtcNow();
        if (ParameterPolicies.IsExpired(parameter.Value, now))
        {
            await Parameters.TryDeleteAsync(cloud.Documents, parameter, stop);
            return null;
        }
        var notified = ParameterPolicies.Notified(parameter.Value, now);
        if (!ReferenceEquals(notified, parameter.Value))
        {
            await cloud.Documents.CommitAsync(new Commit().Update(SsmKinds.Parameters, parameter, notified), stop);
        }
        return ParameterPolicies.NextDue(notified) - now is { } left && left < Period ? left : null;
    }

    private static string ShardOf(DocumentKey parameter) => parameter.Scope + Separator + parameter.Name;
}
