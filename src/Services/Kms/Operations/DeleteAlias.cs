using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Operations;

internal static class DeleteAlias
{
    public static async ValueTask<DeleteAliasResponse> HandleAsync(KmsContext cx, DeleteAliasRequest request, CancellationToken stop)
    {
        var name = Aliases.Check(request.AliasName);
        await cx.CommitAsync(
            async () => new Commit().Delete(
                await cx.Documents.GetAsync(KmsKinds.Aliases, cx.Call.Scope, name, stop) ?? throw KmsFaults.NoSuchAlias(cx.ArnOf(name))),
            stop);
        return new DeleteAliasResponse();
    }
}
