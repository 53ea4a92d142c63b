using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListAliases
{
    public static async ValueTask<ListAliasesResponse> HandleAsync(KmsContext cx, ListAliasesRequest request, CancellationToken stop)
    {
        var paging = Paging.Read(request.Limit, request.Marker, usual: 50, largest: 100);
        var read = request.KeyId is null
            ? await cx.Documents.ListAsync(KmsKinds.Aliases, cx.Call.Scope, stop, afterName: paging.After, limit: paging.Size + 1)
            : await cx.Documents.ListByIndexAsync(
                KmsKinds.Aliases, cx.Call.Scope, KmsKinds.KeyIndex, (await Keys.RequireByIdAsync(cx, request.KeyId, stop)).Value.KeyId, stop,
                paging.After, paging.Size + 1);
        var (aliases, next) = paging.Cut(read, alias => alias.Key.Name);
        return new ListAliasesResponse
        {
            Aliases = [.. aliases.Select(alias => alias.Value.ToShape(cx))],
            NextMarker = next,
            Truncated = next is not null,
        };
    }
}
