using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DetachRolePolicy
{
    public static async ValueTask<DetachRolePolicyResponse> HandleAsync(
        IamContext cx, DetachRolePolicyRequest request, CancellationToken stop)
    {
        var arn = request.PolicyArn!;
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            if (!role.Value.AttachedPolicyArns.Contains(arn))
            {
                throw IamFaults.NoPolicy(arn);
            }
            var commit = new Commit();
            await Attachments.DetachAsync(cx, commit, arn, stop);
            return commit.Update(
                AccessKinds.Roles, role, role.Value with { AttachedPolicyArns = [.. role.Value.AttachedPolicyArns.Where(a => a != arn)] });
        }, stop);
        return new DetachRolePolicyResponse();
    }
}
