using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Iam.Rules;

internal static class PolicyVersions
{
    public static PolicyVersionRecord Require(PolicyDocument policy, string policyArn, string versionId) =>
        policy.Versions.FirstOrDefault(v => v.VersionId == versionId)
        ?? throw new NoSuchEntityException($"Policy {policyArn} version {versionId} does not exist or is not attachable.");
}
