using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DetachUserPolicy
{
    public static async ValueTask<DetachUserPolicyResponse> HandleAsync(
        IamContext cx, DetachUserPolicyRequest request, CancellationToken stop)
    {
        var arn = request.PolicyArn!;
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            if (!user.Value.AttachedPolicyArns.Contains(arn))
            {
                throw IamFaults.NoPolicy(arn);
            }
            var commit = new Commit();
            await Attachments.DetachAsync(cx, commit, arn, stop);
            return commit.Update(
                AccessKinds.Users, user, user.Value with { AttachedPolicyArns = [.. user.Value.AttachedPolicyArns.Where(a => a != arn)] });
        }, stop);
        return new DetachUserPolicyResponse();
    }
}
