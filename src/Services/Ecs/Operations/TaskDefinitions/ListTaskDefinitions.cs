using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class ListTaskDefinitions
{
    public static async ValueTask<ListTaskDefinitionsResponse> HandleAsync(
        EcsContext cx, ListTaskDefinitionsRequest request, CancellationToken stop)
    {
        var status = request.Status ?? TaskDefinitionDocument.Active;
        // The prefix is a whole family here; the separator keeps "web" from finding "web-admin".
        var prefix = string.IsNullOrEmpty(request.FamilyPrefix) ? "" : request.FamilyPrefix + "#";
        if (request.Sort == "DESC")
        {
            return await DescendingAsync(cx, request, status, prefix, stop);
        }
        var (page, next) = await Paging.ReadAsync(
            (after, limit) => cx.Documents.ListAsync(EcsKinds.TaskDefinition, cx.Scope, stop, prefix, after, limit),
            definition => definition.Status == status, request.MaxResults, request.NextToken);
        return new ListTaskDefinitionsResponse { TaskDefinitionArns = [.. page.Select(d => d.Value.Arn)], NextToken = next };
    }

    private static async ValueTask<ListTaskDefinitionsResponse> DescendingAsync(
        EcsContext cx, ListTaskDefinitionsRequest request, string status, string prefix, CancellationToken stop)
    {
        var size = Paging.Size(request.MaxResults);
        var after = Paging.After(request.NextToken);
        var all = await cx.Documents.ListAsync(EcsKinds.TaskDefinition, cx.Scope, stop, prefix);
        var rest = all.Where(d => d.Value.Status == status).OrderByDescending(d => d.Key.Name, StringComparer.Ordinal)
            .Where(d => after is null || string.CompareOrdinal(d.Key.Name, after) < 0).Take(size + 1).ToList();
        return new ListTaskDefinitionsResponse
        {
            TaskDefinitionArns = [.. rest.Take(size).Select(d => d.Value.Arn)],
            NextToken = rest.Count > size ? Kernel.PageToken.Encode(rest[size - 1].Key.Name) : null,
        };
    }
}
