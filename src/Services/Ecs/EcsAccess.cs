using Longspan.Api.Ecs;
using Longspan.Kernel.Access;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs;

/// <summary>
/// What ECS's operations ask of the policies: here those on clusters, on what a cluster has, and on tags. ARNs come from the names in the
/// request, whether there is such a thing or not; only tags are looked up. Short ARNs and names are asked about as the long ARN that they stand for.
/// </summary>
internal static partial class EcsAccess
{
    /// <summary>No operation takes more names than this. One that gets more asks about everything, and refuses who may do it even so.</summary>
    private const int MaximumNames = 100;
    private const string ClusterKey = "ecs:cluster";
    private const string ServiceKey = "ecs:service";
    private const string OwnTagKey = "ecs:ResourceTag";

    public static async ValueTask<AccessDemand> ClusterAsync(EcsContext cx, string action, string? reference, CancellationToken stop)
    {
        var name = EcsNames.Cluster(reference);
        var demand = new AccessDemand(action, cx.Arn($"cluster/{name}")) { Keys = AccessRules.Keys((ClusterKey, cx.Arn($"cluster/{name}"))) };
        return demand.Tagged(await TagsAsync(cx, EcsKinds.Cluster, cx.Scope, name, c => c.Tags, stop), OwnTagKey);
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> DescribeClustersAsync(EcsContext cx, DescribeClustersRequest request, CancellationToken stop)
    {
        const string Action = "ecs:DescribeClusters";
        return request.Clusters is { Count: > 0 } names
            ? await EachAsync(Action, names, name => ClusterAsync(cx, Action, name, stop))
            : [await ClusterAsync(cx, Action, null, stop)];
    }

    /// <summary>What knows no resource but happens in a cluster: policies narrow it by the cluster's key.</summary>
    public static AccessDemand InCluster(EcsContext cx, string action, string? cluster) =>
        new(action, "*") { Keys = AccessRules.Keys((ClusterKey, cx.Arn($"cluster/{EcsNames.Cluster(cluster)}"))) };

    public static ValueTask<AccessDemand> InstanceAsync(EcsContext cx, string action, string? cluster, string? reference, CancellationToken stop) =>
        LiveAsync(cx, action, "container-instance", (c, id) => c.Node(id)?.Instance.Value.Tags, cluster, reference, stop);

    public static ValueTask<AccessDemand> ServiceAsync(EcsContext cx, string action, string? cluster, string? reference, CancellationToken stop) =>
        LiveAsync(cx, action, "service", (c, name) => c.Services.GetValueOrDefault(name)?.Document?.Value.Tags, cluster, reference, stop);

    public static async ValueTask<AccessDemand> EcsTaskAsync(EcsContext cx, string action, string? cluster, string? reference, CancellationToken stop)
    {
        var (scope, id, demand) = Member(cx, action, "task", cluster, reference);
        return demand.Tagged(await TagsAsync(cx, EcsKinds.EcsTask, scope, id, t => t.Tags, stop), OwnTagKey);
    }

    public static ValueTask<IReadOnlyList<AccessDemand>> InstancesAsync(
        EcsContext cx, string action, string? cluster, IReadOnlyList<string>? references, CancellationToken stop) =>
        EachAsync(action, references, reference => InstanceAsync(cx, action, cluster, reference, stop));

    public static ValueTask<IReadOnlyList<AccessDemand>> AttributesAsync(
        EcsContext cx, string action, string? cluster, IReadOnlyList<EcsAttribute>? attributes, CancellationToken stop) =>
        InstancesAsync(cx, action, cluster, attributes?.Select(a => a.TargetId ?? "").Distinct(StringComparer.Ordinal).ToList(), stop);

    public static ValueTask<IReadOnlyList<AccessDemand>> ServicesAsync(
        EcsContext cx, string action, string? cluster, IReadOnlyList<string>? references, CancellationToken stop) =>
        EachAsync(action, references, reference => ServiceAsync(cx, action, cluster, reference, stop));

    public static ValueTask<IReadOnlyList<AccessDemand>> EcsTasksAsync(
        EcsContext cx, string action, string? cluster, IReadOnlyList<string>? references, CancellationToken stop) =>
        EachAsync(action, references, reference => EcsTaskAsync(cx, action, cluster, reference, stop));

    public static async ValueTask<AccessDemand> ProviderAsync(EcsContext cx, string action, string? reference, CancellationToken stop)
    {
        var name = (reference ?? "")[((reference ?? "").LastIndexOf('/') + 1)..];
        var tags = name.Length == 0 ? null : await TagsAsync(cx, EcsKinds.CapacityProvider, cx.Scope, name, p => p.Tags, stop);
        return new AccessDemand(action, cx.Arn($"capacity-provider/{name}")).Tagged(tags, OwnTagKey);
    }

    public static ValueTask<IReadOnlyList<AccessDemand>> ProvidersAsync(EcsContext cx, DescribeCapacityProvidersRequest request, CancellationToken stop)
    {
        const string Action = "ecs:DescribeCapacityProviders";
        return EachAsync(Action, request.CapacityProviders, name => ProviderAsync(cx, Action, name, stop));
    }

    public static IReadOnlyList<AccessDemand> CreateCluster(EcsContext cx, CreateClusterRequest request)
    {
        var name = EcsNames.Cluster(request.ClusterName);
        return Creation(
            new AccessDemand("ecs:CreateCluster", "*") { Keys = Providers(request.CapacityProviders) }, cx.Arn($"cluster/{name}"), Tags(request.Tags));
    }

    public static IReadOnlyList<AccessDemand> CreateProvider(EcsContext cx, CreateCapacityProviderRequest request)
    {
        var arn = cx.Arn($"capacity-provider/{request.Name}");
        return Creation(new AccessDemand("ecs:CreateCapacityProvider", arn), arn, Tags(request.Tags));
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> RegisterInstanceAsync(
        EcsContext cx, RegisterContainerInstanceRequest request, CancellationToken stop)
    {
        var register = await ClusterAsync(cx, "ecs:RegisterContainerInstance", request.Cluster, stop);
        return Creation(register, cx.Arn($"container-instance/{EcsNames.Cluster(request.Cluster)}/*"), Tags(request.Tags));
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> ProvidersOfClusterAsync(
        EcsContext cx, PutClusterCapacityProvidersRequest request, CancellationToken stop) =>
        [(await ClusterAsync(cx, "ecs:PutClusterCapacityProviders", request.Cluster, stop)).With(Providers(request.CapacityProviders))];

    public static IReadOnlyList<AccessDemand> Setting(string action, string? name) =>
        [new AccessDemand(action, "*") { Keys = AccessRules.Keys(("ecs:account-setting", name)) }];

    /// <summary>The resource whose tags are read or changed.</summary>
    public static async ValueTask<AccessDemand> TaggedAsync(EcsContext cx, string action, string? arn, CancellationToken stop)
    {
        if (!Kernel.Arn.TryParse(arn, out var parsed) || parsed.Service != "ecs")
        {
            throw new InvalidParameterException("Invalid arn syntax.");
        }
        var parts = parsed.Resource.Split('/');
        var cluster = parts.Length == 3 ? parts[1] : null;
        return parts[0] switch
        {
            "cluster" => await ClusterAsync(cx, action, arn, stop),
            "service" => await ServiceAsync(cx, action, cluster, parts[^1], stop),
            "task" => await EcsTaskAsync(cx, action, cluster, parts[^1], stop),
            "container-instance" => await InstanceAsync(cx, action, cluster, parts[^1], stop),
            "capacity-provider" => await ProviderAsync(cx, action, arn, stop),
            "task-definition" => await DefinitionAsync(cx, action, arn, stop),
            _ => new AccessDemand(action, cx.Arn(parsed.Resource)),
        };
    }

    public static IReadOnlyDictionary<string, string>? Tags(IEnumerable<Tag>? tags) => AccessRules.Tags(tags, t => t.Key, t => t.Value);

    /// <summary>Of what is kept live in memory; up to a hundred are asked about in one call, and the store would be read for each.</summary>
    private static async ValueTask<AccessDemand> LiveAsync(
        EcsContext cx, string action, string resource, Func<ClusterMirror, string, IReadOnlyDictionary<string, string>?> tagsOf,
        string? cluster, string? reference, CancellationToken stop)
    {
        var (scope, id, demand) = Member(cx, action, resource, cluster, reference);
        return demand.Tagged(await EcsMirror.ReadAsync(cx.Documents, scope, live => tagsOf(live, id), stop), OwnTagKey);
    }

    private static (string Scope, string Id, AccessDemand Demand) Member(EcsContext cx, string action, string resource, string? cluster, string? reference)
    {
        var name = EcsNames.Cluster(cluster);
        var id = EcsNames.Member(reference, resource, name);
        return (cx.ClusterScope(name), id,
            new AccessDemand(action, cx.Arn($"{resource}/{name}/{id}")) { Keys = AccessRules.Keys((ClusterKey, cx.Arn($"cluster/{name}"))) });
    }

    private static async ValueTask<IReadOnlyList<AccessDemand>> EachAsync(
        string action, IReadOnlyList<string>? names, Func<string, ValueTask<AccessDemand>> demand)
    {
        if (names is not { Count: > 0 and <= MaximumNames })
        {
            return [new AccessDemand(action, "*")];
        }
        List<AccessDemand> demands = [];
        foreach (var name in names)
        {
            demands.Add(await demand(name));
        }
        return demands;
    }

    private static async ValueTask<IReadOnlyDictionary<string, string>?> TagsAsync<T>(
        EcsContext cx, DocumentKind<T> kind, string scope, string name, Func<T, IReadOnlyDictionary<string, string>> tagsOf, CancellationToken stop)
        where T : class => await cx.Documents.GetAsync(kind, scope, name, stop) is { } found ? tagsOf(found.Value) : null;

    /// <summary>Who tags what it creates must also be allowed to tag; policies can allow that at creation only.</summary>
    private static IReadOnlyList<AccessDemand> Creation(AccessDemand create, string created, IReadOnlyDictionary<string, string>? tags)
    {
        if (tags is null)
        {
            return [create];
        }
        var keys = AccessRules.Keys(("ecs:CreateAction", create.Action["ecs:".Length..]));
        return [create with { RequestTags = tags }, new AccessDemand("ecs:TagResource", created) { RequestTags = tags, Keys = create.With(keys).Keys }];
    }

    private static IReadOnlyDictionary<string, IReadOnlyList<string>> Providers(IEnumerable<string?>? names)
    {
        List<string> all = [.. (names ?? []).OfType<string>()];
        return all.Count == 0
            ? AccessRules.Keys()
            : new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase) { ["ecs:capacity-provider"] = all };
    }
}
