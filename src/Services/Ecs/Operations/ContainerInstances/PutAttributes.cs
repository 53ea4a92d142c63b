using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Attributes of container instances: set by operators, used in placement constraints.</summary>
internal static class PutAttributes
{
    public const int MaximumAttributes = 10;

    public static async ValueTask<PutAttributesResponse> HandleAsync(EcsContext cx, PutAttributesRequest request, CancellationToken stop)
    {
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        if (request.Attributes is not { Count: >= 1 and <= MaximumAttributes } attributes)
        {
            throw new InvalidParameterException("Attributes must have between 1 and 10 items.");
        }
        foreach (var group in attributes.GroupBy(a => a.TargetId, StringComparer.Ordinal))
        {
            var id = EcsNames.Member(group.Key, "container-instance", cluster.Name);
            var changed = await InstanceChange.ApplyAsync(cx.Documents, cx.ClusterScope(cluster.Name), id, instance =>
                instance.WithAttributes(instance.Attributes.Where(a => !group.Any(g => g.Name == a.Name))
                    .Concat(group.DistinctBy(g => g.Name).Select(g => new InstanceAttribute(g.Name!, g.Value)))), stop);
            if (changed is null)
            {
                throw new TargetNotFoundException("The specified target was not found.");
            }
        }
        return new PutAttributesResponse { Attributes = attributes };
    }
}
