using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>An instance profile together with its role, as answers carry it.</summary>
internal static class InstanceProfiles
{
    public static async ValueTask<InstanceProfile> ToShapeAsync(
        IamContext cx, InstanceProfileDocument profile, CancellationToken stop, bool whole = true)
    {
        var role = profile.RoleName is null
            ? null
            : await cx.Documents.GetAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.NameOf(profile.RoleName), stop);
        return profile.ToShape(cx.AccountId, role is null ? null : await TrustPolicies.ShownAsync(cx, role.Value, stop), whole);
    }

    /// <summary>The profiles that a role is in; in the order of their names.</summary>
    public static async ValueTask<List<InstanceProfile>> OfRoleAsync(IamContext cx, RoleDocument role, CancellationToken stop)
    {
        List<InstanceProfile> profiles = [];
        foreach (var name in role.InstanceProfileNames.Order(StringComparer.Ordinal))
        {
            if (await cx.Documents.GetAsync(AccessKinds.InstanceProfiles, cx.AccountId, name, stop) is { } profile)
            {
                profiles.Add(profile.Value.ToShape(cx.AccountId, role, whole: false));
            }
        }
        return profiles;
    }
}
