using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetPolicyVersion
{
    public static async ValueTask<GetPolicyVersionResponse> HandleAsync(
        IamContext cx, GetPolicyVersionRequest request, CancellationToken stop)
    {
        if (ManagedPolicies.TextOf(request.PolicyArn!) is { } text && request.VersionId == ManagedPolicies.VersionId)
        {
            return new GetPolicyVersionResponse { PolicyVersion = Shapes.ManagedPolicyVersion(text) };
        }
        var policy = await Identities.PolicyAsync(cx, request.PolicyArn, stop);
        var version = PolicyVersions.Require(policy.Value, request.PolicyArn!, request.VersionId!);
        return new GetPolicyVersionResponse { PolicyVersion = version.ToShape(policy.Value.DefaultVersionId) };
    }
}
