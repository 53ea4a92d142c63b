using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UntagUser
{
    public static async ValueTask<UntagUserResponse> HandleAsync(IamContext cx, UntagUserRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            return new Commit().Update(
                AccessKinds.Users, user, user.Value with { Tags = IamTags.Without(user.Value.Tags, request.TagKeys) });
        }, stop);
        return new UntagUserResponse();
    }
}
