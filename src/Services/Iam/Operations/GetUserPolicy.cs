using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetUserPolicy
{
    public static async ValueTask<GetUserPolicyResponse> HandleAsync(IamContext cx, GetUserPolicyRequest request, CancellationToken stop)
    {
        var (name, text) = await InlinePolicies.GetAsync(cx, IdentityKinds.User, request.UserName, request.PolicyName!, stop);
        return new GetUserPolicyResponse { UserName = name, PolicyName = request.PolicyName, PolicyDocument = text };
    }
}
