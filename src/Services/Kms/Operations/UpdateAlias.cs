using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Operations;

internal static class UpdateAlias
{
    public static async ValueTask<UpdateAliasResponse> HandleAsync(KmsContext cx, UpdateAliasRequest request, CancellationToken stop)
    {
        var name = Aliases.Check(request.AliasName);
        await cx.CommitAsync(
            async () =>
            {
                var alias = await cx.Documents.GetAsync(KmsKinds.Aliases, cx.Call.Scope, name, stop) ?? throw KmsFaults.NoSuchAlias(cx.ArnOf(name));
                var key = await Aliases.RequireTargetAsync(cx, request.TargetKeyId, stop);
                return new Commit().Expect(key)
                    .Update(KmsKinds.Aliases, alias, alias.Value with { KeyId = key.Value.KeyId, UpdatedAt = cx.Now });
            },
            stop);
        return new UpdateAliasResponse();
    }
}
