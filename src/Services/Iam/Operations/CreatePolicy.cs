using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreatePolicy
{
    public static async ValueTask<CreatePolicyResponse> HandleAsync(IamContext cx, CreatePolicyRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("policyName", request.PolicyName, IamLimits.PolicyNameLength);
        var text = IamChecks.Policy(request.PolicyDocument, PolicyUse.Identity, "PolicySize", IamLimits.ManagedPolicySize);
        var now = cx.Call.Now;
        var policy = new PolicyDocument
        {
            PolicyName = name,
            PolicyId = Ids.Unique("ANPA"),
            Path = IamChecks.Path(request.Path),
            CreatedAt = now,
            UpdatedAt = now,
            DefaultVersionId = "v1",
            Versions = [new PolicyVersionRecord("v1", text, now)],
            Description = IamChecks.Description(request.Description),
            Tags = IamTags.Read(request.Tags, "TagsPerPolicy"),
        };
        if ((await cx.Documents.ListAsync(AccessKinds.Policies, cx.AccountId, stop)).Count >= IamLimits.PoliciesPerAccount)
        {
            throw IamFaults.Quota("PoliciesPerAccount", IamLimits.PoliciesPerAccount);
        }
        var commit = new Commit().Create(AccessKinds.Policies, cx.AccountId, AccessKinds.NameOf(name), policy);
        return (await cx.Documents.CommitAsync(commit, stop)).Committed
            ? new CreatePolicyResponse { Policy = policy.ToShape(cx.AccountId, bounded: 0) }
            : throw new EntityAlreadyExistsException($"A policy called {name} already exists. Duplicate names are not allowed.");
    }
}
