using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Sts.Operations;
using Longspan.Services.Sts.Rules;

namespace Longspan.Services.Sts;

/// <summary>
/// What STS asks of the policies. A role's trust policy is the resource's policy of <c>AssumeRole</c>: one that names the caller itself
/// suffices, one that names the account leaves the decision to the caller's own policies, as within one account on AWS. That the trust
/// policy lets the caller in at all is checked by the operation, whatever the caller's policies say.
/// </summary>
internal static class StsAccess
{
    public static async ValueTask<IReadOnlyList<AccessDemand>> AssumeRoleAsync(StsContext cx, AssumeRoleRequest request, CancellationToken stop)
    {
        if (cx.Caller.ServicePrincipal is not null)
        {
            // A part of the platform has no policies of its own; the trust policy alone decides.
            return [];
        }
        AssumeRoleRules.Check(request);
        // What a session hands on to the next counts as asked for.
        var (tags, _) = SessionRules.Tags(cx.Caller, request.Tags?.ToDictionary(t => t.Key!, t => t.Value ?? "") ?? [], request.TransitiveTagKeys ?? []);
        var identity = SessionRules.SourceIdentity(cx.Caller, request.SourceIdentity, request.RoleArn!);
        var role = await AssumeRole.FindRoleAsync(cx, request.RoleArn!, stop);
        var assume = new AccessDemand("sts:AssumeRole", role?.ArnIn(cx.Call.AccountId) ?? request.RoleArn!)
        {
            Keys = AccessRules.Keys(
                ("sts:RoleSessionName", request.RoleSessionName), ("sts:ExternalId", request.ExternalId), ("sts:SourceIdentity", identity)),
            RequestTags = tags.Count > 0 ? tags : null,
            ResourceTags = role?.Tags,
            ResourcePolicy = role is null ? null : OfResource(PolicyTexts.TryRead(role.TrustPolicy, PolicyUse.Trust)),
            IsResourcePolicyRequired = true,
        };
        List<AccessDemand> demands = [assume];
        if (assume.RequestTags is not null)
        {
            demands.Add(assume with { Action = "sts:TagSession" });
        }
        if (identity is not null)
        {
            demands.Add(assume with { Action = "sts:SetSourceIdentity" });
        }
        return demands;
    }

    // Trust policies have no resources: they are about their role.
    private static Policy? OfResource(Policy? trust) =>
        trust is null ? null : trust with { Statements = [.. trust.Statements.Select(s => s with { Resources = ["*"] })] };
}
