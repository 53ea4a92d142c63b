using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetAccountSummary
{
    public static async ValueTask<GetAccountSummaryResponse> HandleAsync(
        IamContext cx, GetAccountSummaryRequest request, CancellationToken stop) => new()
        {
            SummaryMap = new Dictionary<string, int>
            {
                ["Users"] = (await cx.Documents.ListAsync(AccessKinds.Users, cx.AccountId, stop)).Count,
                ["UsersQuota"] = IamLimits.UsersPerAccount,
                ["Roles"] = (await cx.Documents.ListAsync(AccessKinds.Roles, cx.AccountId, stop)).Count,
                ["RolesQuota"] = IamLimits.RolesPerAccount,
                ["Policies"] = (await cx.Documents.ListAsync(AccessKinds.Policies, cx.AccountId, stop)).Count,
                ["PoliciesQuota"] = IamLimits.PoliciesPerAccount,
                ["Groups"] = 0,
                ["AccessKeysPerUserQuota"] = IamLimits.AccessKeysPerUser,
                ["AttachedPoliciesPerUserQuota"] = IamLimits.ManagedPoliciesPerIdentity,
                ["AttachedPoliciesPerRoleQuota"] = IamLimits.ManagedPoliciesPerIdentity,
                ["AssumeRolePolicySizeQuota"] = IamLimits.TrustPolicySize,
                ["PolicySizeQuota"] = IamLimits.ManagedPolicySize,
                ["UserPolicySizeQuota"] = IamLimits.InlinePoliciesOfUserSize,
                ["VersionsPerPolicyQuota"] = IamLimits.VersionsPerPolicy,
                ["AccountAccessKeysPresent"] = 0,
                ["AccountMFAEnabled"] = 0,
            },
        };
}
