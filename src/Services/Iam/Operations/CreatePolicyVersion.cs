using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreatePolicyVersion
{
    public static async ValueTask<CreatePolicyVersionResponse> HandleAsync(
        IamContext cx, CreatePolicyVersionRequest request, CancellationToken stop)
    {
        var text = IamChecks.Policy(request.PolicyDocument, PolicyUse.Identity, "PolicySize", IamLimits.ManagedPolicySize);
        PolicyVersionRecord? version = null;
        PolicyDocument? changed = null;
        await cx.CommitAsync(async () =>
        {
            var policy = await Identities.PolicyToChangeAsync(cx, request.PolicyArn, stop);
            if (policy.Value.Versions.Count >= IamLimits.VersionsPerPolicy)
            {
                throw new LimitExceededException(
                    "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.");
            }
            // Numbers are never used twice, also when the newest version was deleted.
            version = new PolicyVersionRecord($"v{policy.Value.LatestVersion + 1}", text, cx.Call.Now);
            changed = policy.Value with
            {
                Versions = [.. policy.Value.Versions, version],
                LatestVersion = policy.Value.LatestVersion + 1,
                DefaultVersionId = request.SetAsDefault == true ? version.VersionId : policy.Value.DefaultVersionId,
                UpdatedAt = cx.Call.Now,
            };
            return new Commit().Update(AccessKinds.Policies, policy, changed);
        }, stop);
        var shape = version!.ToShape(changed!.DefaultVersionId);
        shape.Document = null;
        return new CreatePolicyVersionResponse { PolicyVersion = shape };
    }
}
