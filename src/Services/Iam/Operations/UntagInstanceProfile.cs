using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UntagInstanceProfile
{
    public static async ValueTask<UntagInstanceProfileResponse> HandleAsync(
        IamContext cx, UntagInstanceProfileRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var instanceProfile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
            return new Commit().Update(AccessKinds.InstanceProfiles, instanceProfile,
                instanceProfile.Value with { Tags = IamTags.Without(instanceProfile.Value.Tags, request.TagKeys) });
        }, stop);
        return new UntagInstanceProfileResponse();
    }
}
