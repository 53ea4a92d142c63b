using Longspan.Api.Sts;
using Longspan.Kernel.Access;
using Longspan.Services.Sts.Rules;

namespace Longspan.Services.Sts.Operations;

/// <summary>
/// A session for someone whom a user vouches for. It can do what both the user and the policies of the request allow; without such
/// policies, only what a resource's own policy grants it.
/// </summary>
internal static class GetFederationToken
{
    public static async ValueTask<GetFederationTokenResponse> HandleAsync(StsContext cx, GetFederationTokenRequest request, CancellationToken stop)
    {
        AssumeRoleRules.Check(request);
        var (user, life) = await LongLivedUser.FindAsync(cx, "GetFederationToken", request.DurationSeconds, stop);
        var tags = request.Tags?.ToDictionary(t => t.Key!, t => t.Value ?? "") ?? [];
        var policies = await SessionPolicies.FindAsync(cx, request.PolicyArns, stop);
        var credentials = cx.Tokens.Issue(cx.Call.AccountId, user.UserName, user.UserId, cx.Call.Now, life, claims => claims with
        {
            FederatedName = request.Name,
            SessionPolicy = request.Policy,
            SessionPolicyArns = policies,
            Tags = tags.Count > 0 ? tags : null,
        });
        return new GetFederationTokenResponse
        {
            Credentials = credentials.ToShape(),
            FederatedUser = new FederatedUser
            {
                Arn = AccessKeys.FederatedUserArn(cx.Call.AccountId, request.Name!),
                FederatedUserId = $"{cx.Call.AccountId}:{request.Name}",
            },
            PackedPolicySize = AssumeRoleRules.PackedPolicySize(request.Policy, tags),
        };
    }
}
