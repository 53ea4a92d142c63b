using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Ssm.Rules;

/// <summary>The role that a machine acts under: it must exist and trust Systems Manager.</summary>
internal static class MachineRoles
{
    public const string Principal = "ssm.amazonaws.com";
    private const int MaximumLength = 64;

    /// <summary>The role, given by name or by path and name; null when there is none that trusts Systems Manager.</summary>
    public static async ValueTask<RoleDocument?> FindAsync(SsmContext cx, string iamRole, CancellationToken stop)
    {
        var name = iamRole[(iamRole.LastIndexOf('/') + 1)..];
        if (name.Length is 0 or > MaximumLength)
        {
            return null;
        }
        var role = await cx.Documents.GetAsync(AccessKinds.Roles, cx.Call.AccountId, AccessKinds.NameOf(name), stop);
        return role is not null
            && PolicyReader.TryRead(role.Value.TrustPolicy, PolicyUse.Trust, out _) is { } trust
            && TrustRules.NamesService(trust, Principal)
                ? role.Value
                : null;
    }

    /// <summary>The same, refusing what is no fit role in AWS's words.</summary>
    public static async ValueTask<RoleDocument> RequireAsync(SsmContext cx, string iamRole, CancellationToken stop) =>
        await FindAsync(cx, iamRole, stop) ?? throw SsmFaults.Validation(
            $"Nonexistent role or missing ssm service principal in trust policy: arn:aws:iam::{cx.Call.AccountId}:role/{iamRole}");
}
