using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Operations;

/// <summary>Aliases name sign-in pages, of which there are none.</summary>
internal static class ListAccountAliases
{
    public static ValueTask<ListAccountAliasesResponse> HandleAsync(
        IamContext cx, ListAccountAliasesRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new ListAccountAliasesResponse { AccountAliases = [], IsTruncated = false });
}
