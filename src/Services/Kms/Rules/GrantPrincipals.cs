using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>Whom a grant is for and who may retire it: stored by unique id, shown by ARN, as in policies.</summary>
internal static class GrantPrincipals
{
    public static async ValueTask<GrantDocument> BoundAsync(KmsContext cx, GrantDocument grant, CancellationToken stop) => grant with
    {
        Grantee = grant.IsGranteeService ? grant.Grantee : await BoundAsync(cx, grant.Grantee, stop),
        Retiring = grant.IsRetiringService || grant.Retiring is null ? grant.Retiring : await BoundAsync(cx, grant.Retiring, stop),
    };

    /// <summary>By which grants are searched: the unique id; of who is gone, the one that is shown and asked for.</summary>
    public static async ValueTask<string> AskedAsync(KmsContext cx, string principal, CancellationToken stop) =>
        await cx.Call.Cloud.Principals.BindPrincipalAsync(principal, stop) ?? principal;

    public static async ValueTask<List<GrantListEntry>> ShownAsync(KmsContext cx, IEnumerable<GrantDocument> grants, CancellationToken stop)
    {
        var names = cx.Call.Cloud.Principals;
        List<GrantListEntry> shown = [];
        foreach (var grant in grants)
        {
            shown.Add((grant with
            {
                Grantee = await names.ShowPrincipalAsync(grant.Grantee, stop),
                Retiring = grant.Retiring is null ? null : await names.ShowPrincipalAsync(grant.Retiring, stop),
            }).ToShape(cx));
        }
        return shown;
    }

    private static async ValueTask<string> BoundAsync(KmsContext cx, string principal, CancellationToken stop) =>
        await cx.Call.Cloud.Principals.BindPrincipalAsync(principal, stop)
        ?? throw new InvalidArnException($"ARN does not refer to a valid principal: {principal}");
}
