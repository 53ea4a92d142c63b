using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetPolicyVersion
{
    public static async ValueTask<GetPolicyVersionResponse> HandleAsync(
        IamContext cx, GetPolicyVersionRequest request, CancellationToken stop)
    {
        var policy = await Identities.PolicyAsync(cx, request.PolicyArn, stop);
        var version = policy.Value.Versions.FirstOrDefault(v => v.VersionId == request.VersionId)
            ?? throw new NoSuchEntityException($"Policy {request.PolicyArn} version {request.VersionId} does not exist or is not attachable.");
        return new GetPolicyVersionResponse { PolicyVersion = version.ToShape(policy.Value.DefaultVersionId) };
    }
}
