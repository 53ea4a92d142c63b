using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetUserPolicy
{
    public static async ValueTask<GetUserPolicyResponse> HandleAsync(IamContext cx, GetUserPolicyRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, request.UserName, stop);
        return user.Value.InlinePolicies.TryGetValue(request.PolicyName!, out var text)
            ? new GetUserPolicyResponse
            {
                UserName = user.Value.UserName,
                PolicyName = request.PolicyName,
                PolicyDocument = Shapes.Encoded(text),
            }
            : throw IamFaults.NoInlinePolicy("user", request.PolicyName!);
    }
}
