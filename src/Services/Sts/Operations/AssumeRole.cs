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
        DeviceRules.RequireNone(request.SerialNumber, request.TokenCode);
        var asked = request.Tags?.ToDictionary(t => t.Key!, t => t.Value ?? "") ?? [];
        var (tags, transitive) = SessionRules.Tags(cx.Caller, asked, request.TransitiveTagKeys ?? []);
        var identity = SessionRules.SourceIdentity(cx.Caller, request.SourceIdentity, request.RoleArn!);
        var attempt = new TrustRequest(Action, cx.Caller)
        {
            ExternalId = request.ExternalId,
            SessionName = request.RoleSessionName,
            SourceIdentity = identity,
            SessionTags = tags,
            TransitiveTagKeys = transitive,
            Call = cx.Call,
            Principal = await cx.Call.Cloud.Access.PrincipalOfAsync(cx.Caller, stop),
        };
        var role = await FindRoleAsync(cx, request.RoleArn!, stop);
        if (role is null)
        {
            throw StsFaults.NotAuthorized(cx.Caller.Arn, Action, request.RoleArn!);
        }
        if (SessionRules.Refused(role, attempt) is { } refused)
        {
            throw StsFaults.NotAuthorized(cx.Caller.Arn, refused, request.RoleArn!);
        }
        var life = AssumeRoleRules.Life(request.DurationSeconds, role.MaximumSessionSeconds, cx.Caller);
        var policies = await SessionPolicies.FindAsync(cx, request.PolicyArns, stop);
        var credentials = cx.Tokens.Issue(cx.Call.AccountId, role.RoleName, role.RoleId, cx.Call.Now, life, claims => claims with
        {
            RoleSessionName = request.RoleSessionName,
            SessionPolicy = request.Policy,
            SessionPolicyArns = policies,
            Tags = tags.Count > 0 ? tags : null,
            TransitiveTagKeys = transitive.Count > 0 ? transitive : null,
            SourceIdentity = identity,
            ExternalId = request.ExternalId,
            Offline = cx.Caller.Offline,
        });
        return new AssumeRoleResponse
        {
            Credentials = credentials.ToShape(),
            AssumedRoleUser = role.ToShape(cx.Call.AccountId, request.RoleSessionName!),
            PackedPolicySize = AssumeRoleRules.PackedPolicySize(request.Policy, tags),
            SourceIdentity = identity,
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
