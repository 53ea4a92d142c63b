using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class AttachRolePolicy
{
    public static async ValueTask<AttachRolePolicyResponse> HandleAsync(
        IamContext cx, AttachRolePolicyRequest request, CancellationToken stop)
    {
        var arn = request.PolicyArn!;
        await cx.CommitAsync(async () =>
        {
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            var commit = new Commit();
            if (role.Value.AttachedPolicyArns.Contains(arn))
            {
                return commit;
            }
            await Attachments.AttachAsync(cx, commit, role.Value.AttachedPolicyArns, arn, "PoliciesPerRole", stop);
            return commit.Update(
                AccessKinds.Roles, role, role.Value with { AttachedPolicyArns = [.. role.Value.AttachedPolicyArns, arn] });
        }, stop);
        return new AttachRolePolicyResponse();
    }
}
