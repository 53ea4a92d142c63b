using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetAccountSummary
{
    public static async ValueTask<GetAccountSummaryResponse> HandleAsync(
        IamContext cx, GetAccountSummaryRequest request, CancellationToken stop)
    {
        var users = await cx.Documents.ListAsync(AccessKinds.Users, cx.AccountId, stop);
        var policies = await cx.Documents.ListAsync(AccessKinds.Policies, cx.AccountId, stop);
        return new GetAccountSummaryResponse
        {
            SummaryMap = new Dictionary<string, int>
            {
                ["Users"] = users.Count,
                ["UsersQuota"] = IamLimits.UsersPerAccount,
                ["Groups"] = (await cx.Documents.ListAsync(AccessKinds.Groups, cx.AccountId, stop)).Count,
                ["GroupsQuota"] = IamLimits.GroupsPerAccount,
                ["GroupsPerUserQuota"] = IamLimits.GroupsPerUser,
                ["Roles"] = (await cx.Documents.ListAsync(AccessKinds.Roles, cx.AccountId, stop)).Count,
                ["RolesQuota"] = IamLimits.RolesPerAccount,
                ["InstanceProfiles"] = (await cx.Documents.ListAsync(AccessKinds.InstanceProfiles, cx.AccountId, stop)).Count,
                ["InstanceProfilesQuota"] = IamLimits.InstanceProfilesPerAccount,
                ["Policies"] = policies.Count,
                ["PoliciesQuota"] = IamLimits.PoliciesPerAccount,
                ["PolicyVersionsInUse"] = policies.Sum(p => p.Value.Versions.Count),
                ["Providers"] = (await cx.Documents.ListAsync(AccessKinds.OidcProviders, cx.AccountId, stop)).Count,
                ["AccessKeysPerUserQuota"] = IamLimits.AccessKeysPerUser,
                ["AttachedPoliciesPerUserQuota"] = IamLimits.ManagedPoliciesPerIdentity,
                ["AttachedPoliciesPerGroupQuota"] = IamLimits.ManagedPoliciesPerIdentity,
                ["AttachedPoliciesPerRoleQuota"] = IamLimits.ManagedPoliciesPerIdentity,
                ["AssumeRolePolicySizeQuota"] = IamLimits.TrustPolicySize,
                ["PolicySizeQuota"] = IamLimits.ManagedPolicySize,
                ["UserPolicySizeQuota"] = IamLimits.InlinePoliciesOfUserSize,
                ["GroupPolicySizeQuota"] = IamLimits.InlinePoliciesOfGroupSize,
                ["RolePolicySizeQuota"] = IamLimits.InlinePoliciesOfRoleSize,
                ["VersionsPerPolicyQuota"] = IamLimits.VersionsPerPolicy,
                ["AccountAccessKeysPresent"] = 0,
                ["AccountSigningCertificatesPresent"] = 0,
                ["AccountPasswordPresent"] = 0,
                ["AccountMFAEnabled"] = 0,
                ["MFADevices"] = 0,
                ["MFADevicesInUse"] = 0,
                ["ServerCertificates"] = 0,
                ["SigningCertificatesPerUserQuota"] = 0,
            },
        };
    }
}
