using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class TagUser
{
    public static async ValueTask<TagUserResponse> HandleAsync(IamContext cx, TagUserRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            return new Commit().Update(
                AccessKinds.Users, user, user.Value with { Tags = IamTags.Merge(user.Value.Tags, request.Tags, "TagsPerUser") });
        }, stop);
        return new TagUserResponse();
    }
}
