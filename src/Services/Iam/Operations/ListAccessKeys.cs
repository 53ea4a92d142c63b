using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListAccessKeys
{
    public static async ValueTask<ListAccessKeysResponse> HandleAsync(IamContext cx, ListAccessKeysRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        List<AccessKeyMetadata> keys = [];
        foreach (var id in user.Value.AccessKeyIds)
        {
            if (await cx.Documents.GetAsync(AccessKinds.AccessKeys, cx.AccountId, id, stop) is { } key)
            {
                keys.Add(new AccessKeyMetadata
                {
                    UserName = key.Value.UserName,
                    AccessKeyId = id,
                    Status = Shapes.StatusOf(key.Value),
                    CreateDate = key.Value.CreatedAt,
                });
            }
        }
        var page = Paging.Cut(
            keys.OrderBy(k => k.AccessKeyId, StringComparer.Ordinal), k => k.AccessKeyId!, request.Marker, request.MaxItems);
        return new ListAccessKeysResponse { AccessKeyMetadata = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
