using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteAccountAlias
{
    public static async ValueTask<DeleteAccountAliasResponse> HandleAsync(
        IamContext cx, DeleteAccountAliasRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var account = await cx.Documents.GetAsync(AccessKinds.Accounts, cx.AccountId, AccountDocument.Name, stop);
            return account?.Value.Alias == request.AccountAlias
                ? new Commit().Update(AccessKinds.Accounts, account!, account!.Value with { Alias = null })
                : throw new NoSuchEntityException($"The account alias {request.AccountAlias} cannot be found.");
        }, stop);
        return new DeleteAccountAliasResponse();
    }
}
