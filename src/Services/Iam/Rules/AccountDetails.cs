using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>One of the four, never two.</summary>
internal sealed record AccountEntity(UserDetail? User = null, GroupDetail? Group = null, RoleDetail? Role = null, ManagedPolicyDetail? Policy = null);

/// <summary>Everything that decides who may do what, as one ordered list that a marker can go on in.</summary>
internal static class AccountDetails
{
    private static readonly string[] s_filters = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];

    public static async ValueTask<List<(string Key, AccountEntity Entity)>> ListAsync(
        IamContext cx, IReadOnlyList<string>? filter, CancellationToken stop)
    {
        if (filter?.FirstOrDefault(f => !s_filters.Contains(f)) is { } wrong)
        {
            throw IamFaults.Constraint("filter", wrong, $"Member must satisfy enum value set: [{string.Join(", ", s_filters)}]");
        }
        bool Wants(string kind) => filter is not { Count: > 0 } || filter.Contains(kind);
        List<(string, AccountEntity)> entities = [];
        var groups = await cx.Documents.ListAsync(AccessKinds.Groups, cx.AccountId, stop);
        if (Wants("User"))
        {
            var byName = groups.ToDictionary(g => g.Key.Name, g => g.Value);
            entities.AddRange((await cx.Documents.ListAsync(AccessKinds.Users, cx.AccountId, stop))
                .Select(u => ($"user/{u.Key.Name}", new AccountEntity(User: u.Value.ToDetail(cx.AccountId, byName)))));
        }
        if (Wants("Group"))
        {
            entities.AddRange(groups.Select(g => ($"group/{g.Key.Name}", new AccountEntity(Group: g.Value.ToDetail(cx.AccountId)))));
        }
        if (Wants("Role"))
        {
            foreach (var role in await cx.Documents.ListAsync(AccessKinds.Roles, cx.AccountId, stop))
            {
                var use = await cx.Call.Cloud.Uses.FindAsync(role.Value.RoleId, stop);
                var shown = await TrustPolicies.ShownAsync(cx, role.Value, stop);
                var detail = shown.ToDetail(cx.AccountId, await InstanceProfiles.OfRoleAsync(cx, role.Value, stop), use.ToRoleShape(cx.Call.Now));
                entities.Add(($"role/{role.Key.Name}", new AccountEntity(Role: detail)));
            }
        }
        if (Wants("LocalManagedPolicy"))
        {
            foreach (var policy in await cx.Documents.ListAsync(AccessKinds.Policies, cx.AccountId, stop))
            {
                var shape = policy.Value.ToShape(cx.AccountId, await Boundaries.CountAsync(cx, policy.Value.ArnIn(cx.AccountId), stop));
                var versions = policy.Value.Versions.Reverse().Select(v => v.ToShape(policy.Value.DefaultVersionId));
                entities.Add(($"policy/{policy.Key.Name}", new AccountEntity(Policy: shape.ToDetail(versions))));
            }
        }
        if (Wants("AWSManagedPolicy"))
        {
            await AddManagedAsync(cx, entities, stop);
        }
        entities.Sort((a, b) => string.CompareOrdinal(a.Item1, b.Item1));
        return entities;
    }

    // IAM tells of those of AWS's policies that are in use.
    private static async ValueTask AddManagedAsync(IamContext cx, List<(string, AccountEntity)> entities, CancellationToken stop)
    {
        foreach (var arn in ManagedPolicies.Resources.Select(ManagedPolicies.ArnOf))
        {
            if (await Attachments.CountAsync(cx, arn, stop) is > 0 and var count)
            {
                entities.Add((arn, new AccountEntity(Policy: Shapes.ManagedPolicy(arn, count).ToDetail([Shapes.ManagedPolicyVersion()]))));
            }
        }
    }
}
