using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs;

/// <summary>What an ECS operation works with: the call, the store, the clock, and who is connected right now.</summary>
public sealed class EcsContext
{
    internal EcsContext(CallContext call, SessionRegistry sessions, Turns turns) => (Call, Sessions, Turns) = (call, sessions, turns);

    internal CallContext Call { get; }
    internal SessionRegistry Sessions { get; }
    internal Turns Turns { get; }

    /// <summary>An operation that loses the race for a document this often gives up with a server fault.</summary>
    internal const int MaximumAttempts = 30;

    internal DocumentLog Documents => Call.Cloud.Documents;
    internal bool IsStrict => Call.Cloud.Settings.AwsStrict;
    internal DateTimeOffset Now => Call.Now;
    internal string Scope => Call.Scope;
    internal string ClusterScope(string cluster) => $"{Call.Scope}/{cluster}";
    internal string Arn(string resource) => Call.Arn("ecs", resource).ToString();

    /// <summary>The active cluster that the caller named. <c>default</c> comes into being when it is first used.</summary>
    internal async ValueTask<ClusterDocument> ClusterAsync(string? reference, CancellationToken stop) =>
        (await ReadClusterAsync(reference, stop)).Value;

    /// <summary>The same with its revision, for a commit that relies on what the cluster says.</summary>
    internal async ValueTask<Document<ClusterDocument>> ReadClusterAsync(string? reference, CancellationToken stop)
    {
        var name = EcsNames.Cluster(reference);
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var found = await Documents.GetAsync(EcsKinds.Cluster, Scope, name, stop);
            if (found is { Value.IsActive: true })
            {
                return found;
            }
            if (name != ClusterDocument.DefaultName)
            {
                break;
            }
            var cluster = NewCluster(name);
            var commit = found is null
                ? new Commit().Create(EcsKinds.Cluster, Scope, name, cluster)
                : new Commit().Update(EcsKinds.Cluster, found, cluster);
            await Documents.CommitAsync(commit, stop);
        }
        throw new ClusterNotFoundException("Cluster not found.");
    }

    internal ClusterDocument NewCluster(string name) => new()
    {
        Name = name, Arn = Arn($"cluster/{name}"), CreatedAt = Now, Declared = new Cluster(),
    };

    /// <summary>The definition that the caller named, whatever its status; null when there is none.</summary>
    internal async ValueTask<Document<TaskDefinitionDocument>?> FindTaskDefinitionAsync(string? reference, CancellationToken stop)
    {
        var (family, revision) = EcsNames.TaskDefinition(reference);
        if (revision is null)
        {
            var counter = await Documents.GetAsync(EcsKinds.Family, Scope, family, stop);
            revision = counter?.Value.LatestActiveRevision is > 0 and var latest ? latest : null;
        }
        return revision is null
            ? null
            : await Documents.GetAsync(EcsKinds.TaskDefinition, Scope, TaskDefinitionDocument.NameOf(family, revision.Value), stop);
    }

    /// <summary>The definition for a new task or deployment: it must exist and be active.</summary>
    internal async ValueTask<TaskDefinitionDocument> ActiveTaskDefinitionAsync(string? reference, CancellationToken stop)
    {
        var found = await FindTaskDefinitionAsync(reference, stop) ?? throw new ClientException("TaskDefinition not found.");
        return found.Value.Status == TaskDefinitionDocument.Active
            ? found.Value
            : throw new ClientException("TaskDefinition is inactive");
    }

    /// <summary>Contention on one document that no retry resolved.</summary>
    internal static ServerException Contended() => new("The resource is being changed by many callers. Try again.");
}
