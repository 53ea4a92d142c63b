using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListPolicyVersions
{
    public static async ValueTask<ListPolicyVersionsResponse> HandleAsync(
        IamContext cx, ListPolicyVersionsRequest request, CancellationToken stop)
    {
        if (ManagedPolicies.IsKnown(request.PolicyArn!))
        {
            return new ListPolicyVersionsResponse { Versions = [Shapes.ManagedPolicyVersion()], IsTruncated = false };
        }
        var policy = await Identities.PolicyAsync(cx, request.PolicyArn, stop);
        // At most five: always one page. Newest first, as IAM lists them.
        return new ListPolicyVersionsResponse
        {
            Versions = [.. policy.Value.Versions.Reverse().Select(v =>
            {
                var shape = v.ToShape(policy.Value.DefaultVersionId);
                shape.Document = null;
                return shape;
            })],
            IsTruncated = false,
        };
    }
}
