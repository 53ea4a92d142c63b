using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListTaskDefinitionFamilies
{
    public static async ValueTask<ListTaskDefinitionFamiliesResponse> HandleAsync(
        EcsContext cx, ListTaskDefinitionFamiliesRequest request, CancellationToken stop)
    {
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => cx.Documents.ListAsync(EcsKinds.Family, cx.Scope, stop, request.FamilyPrefix ?? "", after, limit),
            family => request.Status switch
            {
                "INACTIVE" => family.LatestActiveRevision == 0,
                "ALL" => true,
                _ => family.LatestActiveRevision > 0,
            },
            request.MaxResults, request.NextToken);
        return new ListTaskDefinitionFamiliesResponse { Families = [.. page.Select(f => f.Value.Family)], NextToken = next };
    }
}
