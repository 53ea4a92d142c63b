using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class TagInstanceProfile
{
    public static async ValueTask<TagInstanceProfileResponse> HandleAsync(
        IamContext cx, TagInstanceProfileRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var instanceProfile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
            return new Commit().Update(AccessKinds.InstanceProfiles, instanceProfile,
                instanceProfile.Value with { Tags = IamTags.Merge(instanceProfile.Value.Tags, request.Tags, "TagsPerInstanceProfile") });
        }, stop);
        return new TagInstanceProfileResponse();
    }
}
