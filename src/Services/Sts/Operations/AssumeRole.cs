using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Sts.Rules;

namespace Longspan.Services.Sts.Operations;

internal static class AssumeRole
{
    private const string Action = "sts:AssumeRole";

    public static async ValueTask<AssumeRoleResponse> HandleAsync(StsContext cx, AssumeRoleRequest request, CancellationToken stop)
    {
        AssumeRoleRules.Check(request);
        var role = await FindRoleAsync(cx, request.RoleArn!, stop) ?? throw StsFaults.NotAuthorized(cx.Caller.Arn, Action, request.RoleArn!);
        var attempt = new TrustRequest(Action, cx.Caller)
        {
            ExternalId = request.ExternalId,
            SessionName = request.RoleSessionName,
            SourceIdentity = request.SourceIdentity,
            SessionTags = request.Tags?.ToDictionary(t => t.Key!, t => t.Value ?? "", StringComparer.OrdinalIgnoreCase),
            TransitiveTagKeys = request.TransitiveTagKeys,
            Call = cx.Call,
            Principal = await cx.Call.Cloud.Access.PrincipalOfAsync(cx.Caller, stop),
        };
        if (PolicyTexts.TryRead(role.TrustPolicy, PolicyUse.Trust) is not { } trust || !TrustRules.Allows(trust, attempt))
        {
            throw StsFaults.NotAuthorized(cx.Caller.Arn, Action, request.RoleArn!);
        }
        var life = AssumeRoleRules.Life(request.DurationSeconds, role.MaximumSessionSeconds, cx.Caller);
        var credentials = cx.Tokens.Issue(cx.Call.AccountId, role.RoleName, role.RoleId, cx.Call.Now, life, claims => claims with
        {
            RoleSessionName = request.RoleSessionName,
            SessionPolicy = request.Policy,
            SessionPolicyArns = request.PolicyArns is { Count: > 0 } arns ? [.. arns.Select(a => a.Arn!)] : null,
            Tags = request.Tags is { Count: > 0 } tags ? tags.ToDictionary(t => t.Key!, t => t.Value ?? "") : null,
            TransitiveTagKeys = request.TransitiveTagKeys is { Count: > 0 } keys ? keys : null,
            SourceIdentity = request.SourceIdentity,
            ExternalId = request.ExternalId,
        });
        return new AssumeRoleResponse
        {
            Credentials = credentials.ToShape(),
            AssumedRoleUser = new AssumedRoleUser
            {
                AssumedRoleId = $"{role.RoleId}:{request.RoleSessionName}",
                Arn = AccessKeys.AssumedRoleArn(cx.Call.AccountId, role.RoleName, request.RoleSessionName!),
            },
            PackedPolicySize = AssumeRoleRules.PackedPolicySize(request),
            SourceIdentity = request.SourceIdentity,
        };
    }

    // A role that does not exist is answered as one that may not be assumed, so that nobody can probe for names.
    public static async ValueTask<RoleDocument?> FindRoleAsync(StsContext cx, string roleArn, CancellationToken stop)
    {
        if (!Arn.TryParse(roleArn, out var arn) || arn.Service != "iam" || arn.AccountId != cx.Call.AccountId
            || !arn.Resource.StartsWith("role/", StringComparison.Ordinal))
        {
            return null;
        }
        var role = await cx.Call.Cloud.Documents.GetAsync(AccessKinds.Roles, arn.AccountId, AccessKinds.NameOf(arn.Name), stop);
        return role?.Value.ArnIn(arn.AccountId).Equals(roleArn, StringComparison.OrdinalIgnoreCase) == true ? role.Value : null;
    }
}
