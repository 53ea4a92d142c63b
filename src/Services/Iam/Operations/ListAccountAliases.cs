using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class ListAccountAliases
{
    public static async ValueTask<ListAccountAliasesResponse> HandleAsync(
        IamContext cx, ListAccountAliasesRequest request, CancellationToken stop)
    {
        var account = await cx.Documents.GetAsync(AccessKinds.Accounts, cx.AccountId, AccountDocument.Name, stop);
        return new ListAccountAliasesResponse { AccountAliases = account?.Value.Alias is { } alias ? [alias] : [], IsTruncated = false };
    }
}
