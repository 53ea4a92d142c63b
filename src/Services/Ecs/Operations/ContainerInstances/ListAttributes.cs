using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListAttributes
{
    public static async ValueTask<ListAttributesResponse> HandleAsync(EcsContext cx, ListAttributesRequest request, CancellationToken stop)
    {
        if (request.TargetType != "container-instance")
        {
            throw new InvalidParameterException("Invalid target type: only container-instance has attributes.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var size = Paging.Size(request.MaxResults);
        var after = Paging.After(request.NextToken);
        var instances = await cx.Documents.ListAsync(EcsKinds.Instance, cx.ClusterScope(cluster.Name), stop);
        var found = instances.Where(i => i.Value.Status != ContainerInstanceDocument.Inactive)
            .SelectMany(i => i.Value.Attributes.Select(a => (Key: $"{i.Value.Id}#{a.Name}", Instance: i.Value, Attribute: a)))
            .Where(x => (request.AttributeName is null || x.Attribute.Name == request.AttributeName)
                && (request.AttributeValue is null || x.Attribute.Value == request.AttributeValue)
                && (after is null || string.CompareOrdinal(x.Key, after) > 0))
            .OrderBy(x => x.Key, StringComparer.Ordinal).Take(size + 1).ToList();
        return new ListAttributesResponse
        {
            Attributes =
            [
                .. found.Take(size).Select(x => new EcsAttribute
                {
                    Name = x.Attribute.Name, Value = x.Attribute.Value, TargetType = "container-instance", TargetId = x.Instance.Arn,
                }),
            ],
            NextToken = found.Count > size ? Kernel.PageToken.Encode(found[size - 1].Key) : null,
        };
    }
}
