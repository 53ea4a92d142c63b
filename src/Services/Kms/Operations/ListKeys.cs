using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class ListKeys
{
    public static async ValueTask<ListKeysResponse> HandleAsync(KmsContext cx, ListKeysRequest request, CancellationToken stop)
    {
        var paging = Paging.Read(request.Limit, request.Marker, usual: 100, largest: 1000);
        var read = await cx.Documents.ListAsync(KmsKinds.Keys, cx.Call.Scope, stop, afterName: paging.After, limit: paging.Size + 1);
        var (keys, next) = paging.Cut(read, key => key.Key.Name);
        return new ListKeysResponse
        {
            Keys = [.. keys.Select(key => new KeyListEntry { KeyId = key.Value.KeyId, KeyArn = cx.KeyArn(key.Value.KeyId) })],
            NextMarker = next,
            Truncated = next is not null,
        };
    }
}
