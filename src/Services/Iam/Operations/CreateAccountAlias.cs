using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>An account has one alias; another takes its place.</summary>
internal static class CreateAccountAlias
{
    public static async ValueTask<CreateAccountAliasResponse> HandleAsync(
        IamContext cx, CreateAccountAliasRequest request, CancellationToken stop)
    {
        var alias = Alias(request.AccountAlias!);
        await cx.CommitAsync(async () =>
        {
            var account = await cx.Documents.GetAsync(AccessKinds.Accounts, cx.AccountId, AccountDocument.Name, stop);
            return account is null
                ? new Commit().Create(AccessKinds.Accounts, cx.AccountId, AccountDocument.Name, new AccountDocument { Alias = alias })
                : new Commit().Update(AccessKinds.Accounts, account, account.Value with { Alias = alias });
        }, stop);
        return new CreateAccountAliasResponse();
    }

    private static string Alias(string alias) =>
        alias.Length is >= 3 and <= 63 && alias[0] != '-' && alias[^1] != '-' && !alias.Contains("--", StringComparison.Ordinal)
        && alias.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? alias
            : throw IamFaults.Constraint(
                "accountAlias", alias, "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$");
}
