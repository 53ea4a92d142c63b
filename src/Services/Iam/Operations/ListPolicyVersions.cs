using System.Globalization;
using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListPolicyVersions
{
    public static async ValueTask<ListPolicyVersionsResponse> HandleAsync(
        IamContext cx, ListPolicyVersionsRequest request, CancellationToken stop)
    {
        IEnumerable<PolicyVersion> versions = ManagedPolicies.IsKnown(request.PolicyArn!)
            ? [Shapes.ManagedPolicyVersion()]
            : NewestFirst((await Identities.PolicyAsync(cx, request.PolicyArn, stop)).Value);
        var page = Paging.Cut(versions, PlaceOf, request.Marker, request.MaxItems);
        return new ListPolicyVersionsResponse { Versions = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }

    private static IEnumerable<PolicyVersion> NewestFirst(PolicyDocument policy)
    {
        foreach (var version in policy.Versions.Reverse())
        {
            var shape = version.ToShape(policy.DefaultVersionId);
            shape.Document = null;
            yield return shape;
        }
    }

    // Pages follow the order of texts, so the newest has to have the smallest.
    private static string PlaceOf(PolicyVersion version) =>
        (int.MaxValue - int.Parse(version.VersionId.AsSpan(1), CultureInfo.InvariantCulture)).ToString("D10", CultureInfo.InvariantCulture);
}
