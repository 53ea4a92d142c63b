using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListPolicies
{
    public static async ValueTask<ListPoliciesResponse> HandleAsync(IamContext cx, ListPoliciesRequest request, CancellationToken stop)
    {
        var scope = request.Scope ?? "All";
        if (scope is not ("All" or "AWS" or "Local"))
        {
            throw IamFaults.Constraint("scope", scope, "Member must satisfy enum value set: [All, AWS, Local]");
        }
        List<Policy> policies = [];
        if (scope != "AWS")
        {
            foreach (var policy in await cx.Documents.ListAsync(AccessKinds.Policies, cx.AccountId, stop))
            {
                var bounded = await Boundaries.CountAsync(cx, policy.Value.ArnIn(cx.AccountId), stop);
                policies.Add(policy.Value.ToShape(cx.AccountId, bounded, whole: false));
            }
        }
        if (scope != "Local")
        {
            foreach (var arn in ManagedPolicies.Resources.Select(ManagedPolicies.ArnOf))
            {
                var policy = Shapes.ManagedPolicy(arn, await Attachments.CountAsync(cx, arn, stop));
                policy.PermissionsBoundaryUsageCount = await Boundaries.CountAsync(cx, arn, stop);
                policies.Add(policy);
            }
        }
        int? UsesOf(Policy policy) => request.PolicyUsageFilter == "PermissionsBoundary"
            ? policy.PermissionsBoundaryUsageCount
            : policy.AttachmentCount;
        var page = Paging.Cut(
            policies
                .Where(p => p.Path!.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal))
                .Where(p => (request.OnlyAttached != true && request.PolicyUsageFilter is null) || UsesOf(p) > 0)
                .OrderBy(p => p.Arn, StringComparer.Ordinal),
            p => p.Arn!, request.Marker, request.MaxItems);
        return new ListPoliciesResponse { Policies = page.Items, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
