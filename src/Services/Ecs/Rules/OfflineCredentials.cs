using Longspan.Api.Ecs;
using Longspan.Kernel.Access;
using Longspan.Services.Ecs.Documents;
using NodeCapability = Longspan.AgentLink.NodeCapability;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// Sessions of tasks' roles that nodes keep for cuts that outlast the usual keys: who gets them, from the tags of the cluster, and when a
/// call with one counts. Off unless an operator has set the tag. The reasons are in <c>docs/adr/0012-offline-credentials.md</c>.
/// </summary>
internal static class OfflineCredentials
{
    public const string LifeTag = "longspan:offline-credentials";
    /// <summary>The values of the instances' attribute <c>site</c> to which it is limited, with blanks between them. All without it.</summary>
    public const string SitesTag = "longspan:offline-credentials-sites";
    /// <summary>Less would hardly outlast the usual keys.</summary>
    private static readonly TimeSpan ShortestLife = TimeSpan.FromHours(2);
    /// <summary>STS makes no longer sessions.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(12);
    /// <summary>How long such a session counts after its instance is back. Nodes tell containers to ask for other keys much earlier.</summary>
    public static readonly TimeSpan AfterReturn = TimeSpan.FromHours(1);
    /// <summary>Usual keys are renewed long before they end, so an absence that is shorter than this gives no such session a use.</summary>
    private static readonly TimeSpan ShortestAbsence = TimeSpan.FromMinutes(1);
    /// <summary>Absences of an instance that are remembered, as long as they may be of use.</summary>
    private const int MaximumAbsences = 16;

    /// <summary>How long sessions of this instance's tasks live from when they were made; null when it gets none.</summary>
    public static TimeSpan? LifeFor(IReadOnlyDictionary<string, string> clusterTags, ContainerInstanceDocument instance)
    {
        var isMeant = !clusterTags.TryGetValue(SitesTag, out var sites)
            || (instance.AttributeValue(NodeCapability.Site) is { Length: > 0 } own && sites.Split(' ').Contains(own, StringComparer.Ordinal));
        return isMeant && instance.HasAttribute(NodeCapability.OfflineCredentials) ? Time(clusterTags.GetValueOrDefault(LifeTag)) : null;
    }

    /// <summary>Refuses values that nobody would act on.</summary>
    public static void Check(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.TryGetValue(LifeTag, out var life) && Time(life) is null)
        {
            throw new InvalidParameterException(
                $"The value '{life}' of the tag {LifeTag} is not valid. Use a time from {ShortestLife.TotalHours}h to {LongestLife.TotalHours}h, such as 8h.");
        }
        if (tags.TryGetValue(SitesTag, out var sites) && sites.AsSpan().Trim(' ').IsEmpty)
        {
            throw new InvalidParameterException($"The value of the tag {SitesTag} is not valid. Use names of sites with blanks between them.");
        }
    }

    /// <summary>
    /// Whether a call with the session counts. It must have had a use: its instance was away over the end of the usual keys, is back, and has
    /// not been for long. The task must be one that is to run there, and the operator must still want it.
    /// </summary>
    public static bool IsAccepted(
        SessionClaims session, ClusterDocument? cluster, ContainerInstanceDocument? instance, TaskDocument? task, DateTimeOffset now) =>
        session.Offline is { } bound && cluster is { IsActive: true }
        && instance is { AgentConnected: true, Status: not ContainerInstanceDocument.Inactive } && instance.Id == bound.InstanceId
        && task is { WantsRunning: true, IsStopped: false } && task.Arn == bound.TaskArn && task.InstanceId == bound.InstanceId
        && LifeFor(cluster.Tags, instance) is { } life && now < session.IssuedAt + life && now < session.ExpiresAt
        && instance.Absences.Any(a => a.From <= bound.UsableFrom && bound.UsableFrom <= a.Until && now < a.Until + AfterReturn);

    /// <summary>The instance with the absence that ends now, if it has been away for long enough.</summary>
    /// <param name="serverAwaySince">Since when no server was there that could have heard the instance, if this is its first connection since.</param>
    public static ContainerInstanceDocument WithReturn(ContainerInstanceDocument instance, DateTimeOffset? serverAwaySince, DateTimeOffset now)
    {
        // LostSince leaves out for how long the server was away, as a service's patience asks for; here it counts.
        DateTimeOffset?[] since = [serverAwaySince, instance.AgentConnected ? null : instance.LostSince, instance.AgentConnected ? null : instance.ConnectivityChangedAt];
        return since.Min() is { } from && now - from >= ShortestAbsence
            ? instance with
            {
                Absences = [.. instance.Absences.Where(a => now < a.Until + AfterReturn).TakeLast(MaximumAbsences - 1), new InstanceAbsence(from, now)],
            }
            : instance;
    }

    private static TimeSpan? Time(string? text) => TagTime.Parse(text, LongestLife) is { } time && time >= ShortestLife ? time : null;
}
