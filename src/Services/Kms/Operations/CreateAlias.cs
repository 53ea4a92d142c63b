using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Operations;

internal static class CreateAlias
{
    public static async ValueTask<CreateAliasResponse> HandleAsync(KmsContext cx, CreateAliasRequest request, CancellationToken stop)
    {
        var name = Aliases.Check(request.AliasName);
        await cx.CommitAsync(
            async () =>
            {
                var key = await Aliases.RequireTargetAsync(cx, request.TargetKeyId, stop);
                if (await cx.Documents.GetAsync(KmsKinds.Aliases, cx.Call.Scope, name, stop) is not null)
                {
                    throw new AlreadyExistsException($"An alias with the name {cx.ArnOf(name)} already exists");
                }
                return new Commit().Expect(key)
                    .Create(KmsKinds.Aliases, cx.Call.Scope, name, new AliasDocument(name, key.Value.KeyId, cx.Now, cx.Now));
            },
            stop);
        return new CreateAliasResponse();
    }
}
