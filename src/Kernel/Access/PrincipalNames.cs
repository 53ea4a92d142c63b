using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Users and roles of this account in the policies of resources and roles. Stored, they are unique ids: who is made again under an old name
/// inherits nothing, who gets a new name loses nothing. Shown, they are the ARNs of now, and ids where the principal is gone
/// (IAM User Guide, "AWS JSON policy elements: Principal").
/// </summary>
public sealed class PrincipalNames(DocumentLog documents, string accountId)
{
    private readonly AccessCache<Directory> _directory = new(AccessChanges.Of(documents), maximumKept: 1);

    private sealed record Directory(Dictionary<string, string> IdByArn, Dictionary<string, string> ArnById);

    /// <summary>
    /// The policy as it is stored, or the first principal that does not exist or cannot be one. What is no policy is given back as it is:
    /// refusing it is its service's business.
    /// </summary>
    public async ValueTask<(string Policy, string? Unknown)> BindAsync(string policy, PolicyUse use, CancellationToken stop)
    {
        if (PolicyTexts.TryRead(policy, use) is null)
        {
            return (policy, null);
        }
        var directory = await DirectoryAsync(stop);
        string? unknown = null;
        var bound = PrincipalTexts.Replace(policy, principal =>
        {
            var known = Bound(principal, directory);
            unknown ??= known is null ? principal : null;
            return known ?? principal;
        });
        return (bound, unknown);
    }

    /// <summary>A principal that is named outside of a policy, as it is stored; null when it does not exist or cannot be one.</summary>
    public async ValueTask<string?> BindPrincipalAsync(string principal, CancellationToken stop) => Bound(principal, await DirectoryAsync(stop));

    public async ValueTask<string> ShowAsync(string policy, CancellationToken stop)
    {
        if (!MayHold(policy))
        {
            return policy;
        }
        var arns = (await DirectoryAsync(stop)).ArnById;
        return PrincipalTexts.Replace(policy, id => arns.GetValueOrDefault(id) ?? id);
    }

    public async ValueTask<string> ShowPrincipalAsync(string principal, CancellationToken stop) =>
        MayHold(principal) ? (await DirectoryAsync(stop)).ArnById.GetValueOrDefault(principal) ?? principal : principal;

    // How the unique ids of users and roles begin. Most policies name neither, and then nobody need be looked up.
    private static bool MayHold(string text) => text.Contains("AIDA", StringComparison.Ordinal) || text.Contains("AROA", StringComparison.Ordinal);

    private string? Bound(string principal, Directory directory)
    {
        if (!Arn.TryParse(principal, out var arn))
        {
            return principal == "*" || PolicyReader.IsAccount(principal) || directory.ArnById.ContainsKey(principal) ? principal : null;
        }
        // Of other accounts nothing is known here. A session is named by its name, on AWS too.
        return arn.AccountId != accountId || arn.Resource == "root"
            || (arn.Service == "sts" && arn.Resource.Split('/')[0] is "assumed-role" or "federated-user")
            ? principal : directory.IdByArn.GetValueOrDefault(principal);
    }

    private async ValueTask<Directory> DirectoryAsync(CancellationToken stop)
    {
        if (_directory.TryGet("", out var kept))
        {
            return kept;
        }
        var now = _directory.Now;
        IEnumerable<(string Id, string Arn)> all =
        [
            .. (await documents.ListAsync(AccessKinds.Users, accountId, stop)).Select(u => (u.Value.UserId, u.Value.ArnIn(accountId))),
            .. (await documents.ListAsync(AccessKinds.Roles, accountId, stop)).Select(r => (r.Value.RoleId, r.Value.ArnIn(accountId))),
        ];
        return _directory.Keep("", new Directory(
            all.ToDictionary(p => p.Arn, p => p.Id, StringComparer.Ordinal), all.ToDictionary(p => p.Id, p => p.Arn, StringComparer.Ordinal)), now);
    }
}
