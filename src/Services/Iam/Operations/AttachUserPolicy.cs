using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class AttachUserPolicy
{
    public static async ValueTask<AttachUserPolicyResponse> HandleAsync(
        IamContext cx, AttachUserPolicyRequest request, CancellationToken stop)
    {
        var arn = request.PolicyArn!;
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            var commit = new Commit();
            if (user.Value.AttachedPolicyArns.Contains(arn))
            {
                return commit;
            }
            await Attachments.AttachAsync(cx, commit, user.Value.AttachedPolicyArns, arn, "PoliciesPerUser", stop);
            return commit.Update(
                AccessKinds.Users, user, user.Value with { AttachedPolicyArns = [.. user.Value.AttachedPolicyArns, arn] });
        }, stop);
        return new AttachUserPolicyResponse();
    }
}
