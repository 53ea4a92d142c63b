using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>Users, roles and policies by the names in requests; absence is IAM's <c>NoSuchEntity</c>.</summary>
internal static class Identities
{
    public static async ValueTask<Document<UserDocument>> UserAsync(IamContext cx, string? userName, CancellationToken stop)
    {
        var name = IamChecks.Name("userName", userName, IamLimits.UserNameLength);
        return await cx.Documents.GetAsync(AccessKinds.Users, cx.AccountId, AccessKinds.NameOf(name), stop) ?? throw IamFaults.NoUser(name);
    }

    public static async ValueTask<Document<GroupDocument>> GroupAsync(IamContext cx, string? groupName, CancellationToken stop)
    {
        var name = IamChecks.Name("groupName", groupName, IamLimits.GroupNameLength);
        return await cx.Documents.GetAsync(AccessKinds.Groups, cx.AccountId, AccessKinds.NameOf(name), stop) ?? throw IamFaults.NoGroup(name);
    }

    public static async ValueTask<Document<InstanceProfileDocument>> InstanceProfileAsync(IamContext cx, string? profileName, CancellationToken stop)
    {
        var name = IamChecks.Name("instanceProfileName", profileName, IamLimits.InstanceProfileNameLength);
        return await cx.Documents.GetAsync(AccessKinds.InstanceProfiles, cx.AccountId, AccessKinds.NameOf(name), stop)
            ?? throw IamFaults.NoInstanceProfile(name);
    }

    /// <summary>A role that a request wants to change. Those that belong to a service are only deleted, and only by their own operation.</summary>
    public static async ValueTask<Document<RoleDocument>> RoleToChangeAsync(IamContext cx, string? roleName, CancellationToken stop)
    {
        var role = await RoleAsync(cx, roleName, stop);
        return role.Value.IsServiceLinked
            ? throw new UnmodifiableEntityException(
                $"Cannot perform the operation on the protected role '{role.Value.RoleName}' - this role is only modifiable by AWS")
            : role;
    }

    public static async ValueTask<Document<RoleDocument>> RoleAsync(IamContext cx, string? roleName, CancellationToken stop)
    {
        var name = IamChecks.Name("roleName", roleName, IamLimits.RoleNameLength);
        return await cx.Documents.GetAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.NameOf(name), stop) ?? throw IamFaults.NoRole(name);
    }

    /// <summary>The customer-managed policy with this ARN, or null.</summary>
    public static async ValueTask<Document<PolicyDocument>?> FindPolicyAsync(IamContext cx, string? policyArn, CancellationToken stop)
    {
        if (!Arn.TryParse(policyArn, out var arn))
        {
            throw IamFaults.Validation($"ARN {policyArn} is not valid.");
        }
        if (arn.Service != "iam" || arn.AccountId != cx.AccountId || !arn.Resource.StartsWith("policy/", StringComparison.Ordinal)
            || arn.Name.Length is 0 or > IamLimits.PolicyNameLength)
        {
            return null;
        }
        var policy = await cx.Documents.GetAsync(AccessKinds.Policies, cx.AccountId, AccessKinds.NameOf(arn.Name), stop);
        return policy?.Value.ArnIn(cx.AccountId) == policyArn ? policy : null;
    }

    public static async ValueTask<Document<PolicyDocument>> PolicyAsync(IamContext cx, string? policyArn, CancellationToken stop) =>
        await FindPolicyAsync(cx, policyArn, stop) ?? throw IamFaults.NoPolicy(policyArn!);

    /// <summary>A policy that a request wants to change. AWS's own and other accounts' are not the caller's to change, whether they exist or not.</summary>
    public static async ValueTask<Document<PolicyDocument>> PolicyToChangeAsync(IamContext cx, string? policyArn, CancellationToken stop) =>
        Arn.TryParse(policyArn, out var arn) && arn.AccountId != cx.AccountId
            ? throw IamFaults.OutsideAccount()
            : await PolicyAsync(cx, policyArn, stop);

    /// <summary>The user that a request is about when it names none: whose key signed it.</summary>
    public static string NameOrCaller(IamContext cx, string? userName)
    {
        if (userName is not null)
        {
            return userName;
        }
        if (IsRoot(cx.Caller))
        {
            return AccountBootstrap.AdministratorName;
        }
        return Arn.TryParse(cx.Caller.Arn, out var arn) && arn.Service == "iam" && arn.Resource.StartsWith("user/", StringComparison.Ordinal)
            ? arn.Name
            : throw IamFaults.Validation("Must specify userName when calling with non-User credentials");
    }

    public static bool IsRoot(Caller caller) => caller.Arn.EndsWith(":root", StringComparison.Ordinal);
}
