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
        List<(string Key, object Entity)> entities = [];
        foreach (var index in Indexes(request.PolicyUsageFilter))
        {
            if (request.EntityFilter is null or "User")
            {
                entities.AddRange((await cx.Documents.ListByIndexAsync(AccessKinds.Users, cx.AccountId, index, arn, stop))
                    .Where(u => IsUnder(u.Value.Path, request.PathPrefix))
                    .Select(u => ($"user/{u.Key.Name}", (object)new PolicyUser { UserName = u.Value.UserName, UserId = u.Value.UserId })));
            }
            if (request.EntityFilter is null or "Role")
            {
                entities.AddRange((await cx.Documents.ListByIndexAsync(AccessKinds.Roles, cx.AccountId, index, arn, stop))
                    .Where(r => IsUnder(r.Value.Path, request.PathPrefix))
                    .Select(r => ($"role/{r.Key.Name}", (object)new PolicyRole { RoleName = r.Value.RoleName, RoleId = r.Value.RoleId })));
            }
            if (request.EntityFilter is null or "Group")
            {
                entities.AddRange((await cx.Documents.ListByIndexAsync(AccessKinds.Groups, cx.AccountId, index, arn, stop))
                    .Where(g => IsUnder(g.Value.Path, request.PathPrefix))
                    .Select(g => ($"group/{g.Key.Name}", (object)new PolicyGroup { GroupName = g.Value.GroupName, GroupId = g.Value.GroupId })));
            }
        }
        var page = Paging.Cut(
            entities.DistinctBy(e => e.Key).OrderBy(e => e.Key, StringComparer.Ordinal), e => e.Key, request.Marker, request.MaxItems);
        return new ListEntitiesForPolicyResponse
        {
            PolicyGroups = [.. page.Items.Select(e => e.Entity).OfType<PolicyGroup>()],
            PolicyUsers = [.. page.Items.Select(e => e.Entity).OfType<PolicyUser>()],
            PolicyRoles = [.. page.Items.Select(e => e.Entity).OfType<PolicyRole>()],
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }

    private static string[] Indexes(string? usage) => usage switch
    {
        null => [AccessKinds.AttachedIndex, AccessKinds.BoundaryIndex],
        "PermissionsPolicy" => [AccessKinds.AttachedIndex],
        "PermissionsBoundary" => [AccessKinds.BoundaryIndex],
        _ => throw IamFaults.Constraint(
            "policyUsageFilter", usage, "Member must satisfy enum value set: [PermissionsPolicy, PermissionsBoundary]"),
    };

    private static bool IsUnder(string path, string? prefix) => path.StartsWith(prefix ?? "/", StringComparison.Ordinal);
}
