using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListEntitiesForPolicy
{
    public static async ValueTask<ListEntitiesForPolicyResponse> HandleAsync(
        IamContext cx, ListEntitiesForPolicyRequest request, CancellationToken stop)
    {
        var arn = request.PolicyArn!;
        if (!ManagedPolicies.IsKnown(arn))
        {
            // The index holds the ARN as the policy spells it.
            arn = (await Identities.PolicyAsync(cx, arn, stop)).Value.ArnIn(cx.AccountId);
        }
        List<(string Key, PolicyUser? User, PolicyRole? Role)> entities = [];
        if (request.EntityFilter is null or "User")
        {
            entities.AddRange((await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, AccessKinds.AttachedIndex, arn, stop))
                .Where(u => IsUnder(u.Value.Path, request.PathPrefix))
                .Select(u => ("user/" + u.Key.Name, (PolicyUser?)new PolicyUser { UserName = u.Value.UserName, UserId = u.Value.UserId }, (PolicyRole?)null)));
        }
        if (request.EntityFilter is null or "Role")
        {
            entities.AddRange((await cx.Documents.ListByIndexAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.AttachedIndex, arn, stop))
                .Where(r => IsUnder(r.Value.Path, request.PathPrefix))
                .Select(r => ("role/" + r.Key.Name, (PolicyUser?)null, (PolicyRole?)new PolicyRole { RoleName = r.Value.RoleName, RoleId = r.Value.RoleId })));
        }
        var page = Paging.Cut(entities.OrderBy(e => e.Key, StringComparer.Ordinal), e => e.Key, request.Marker, request.MaxItems);
        return new ListEntitiesForPolicyResponse
        {
            PolicyGroups = [],
            PolicyUsers = [.. page.Items.Select(e => e.User).OfType<PolicyUser>()],
            PolicyRoles = [.. page.Items.Select(e => e.Role).OfType<PolicyRole>()],
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }

    private static bool IsUnder(string path, string? prefix) => path.StartsWith(prefix ?? "/", StringComparison.Ordinal);
}
