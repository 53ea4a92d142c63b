using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteInstanceProfile
{
    public static async ValueTask<DeleteInstanceProfileResponse> HandleAsync(
        IamContext cx, DeleteInstanceProfileRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var profile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
            return profile.Value.RoleName is null
                ? new Commit().Delete(profile)
                : throw new DeleteConflictException("Cannot delete entity, must remove roles from instance profile first.");
        }, stop);
        return new DeleteInstanceProfileResponse();
    }
}
