using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetGroupPolicy
{
    public static async ValueTask<GetGroupPolicyResponse> HandleAsync(IamContext cx, GetGroupPolicyRequest request, CancellationToken stop)
    {
        var (name, text) = await InlinePolicies.GetAsync(cx, IdentityKinds.Group, request.GroupName, request.PolicyName!, stop);
        return new GetGroupPolicyResponse { GroupName = name, PolicyName = request.PolicyName, PolicyDocument = text };
    }
}
