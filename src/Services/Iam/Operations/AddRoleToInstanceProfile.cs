using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>A machine acts as one role, so a profile has room for one.</summary>
internal static class AddRoleToInstanceProfile
{
    public static async ValueTask<AddRoleToInstanceProfileResponse> HandleAsync(
        IamContext cx, AddRoleToInstanceProfileRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var profile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
            var role = await Identities.RoleToChangeAsync(cx, request.RoleName, stop);
            return profile.Value.RoleName is null
                ? new Commit()
                    .Update(AccessKinds.InstanceProfiles, profile, profile.Value with { RoleName = role.Value.RoleName })
                    .Update(AccessKinds.Roles, role,
                        role.Value with { InstanceProfileNames = [.. role.Value.InstanceProfileNames, profile.Key.Name] })
                : throw IamFaults.Quota("InstanceSessionsPerInstanceProfile", 1);
        }, stop);
        return new AddRoleToInstanceProfileResponse();
    }
}
