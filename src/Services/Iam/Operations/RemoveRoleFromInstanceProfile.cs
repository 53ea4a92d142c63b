using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class RemoveRoleFromInstanceProfile
{
    public static async ValueTask<RemoveRoleFromInstanceProfileResponse> HandleAsync(
        IamContext cx, RemoveRoleFromInstanceProfileRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var profile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
            var role = await Identities.RoleAsync(cx, request.RoleName, stop);
            return role.Value.InstanceProfileNames.Contains(profile.Key.Name)
                ? new Commit()
                    .Update(AccessKinds.InstanceProfiles, profile, profile.Value with { RoleName = null })
                    .Update(AccessKinds.Roles, role,
                        role.Value with { InstanceProfileNames = [.. role.Value.InstanceProfileNames.Where(n => n != profile.Key.Name)] })
                : throw IamFaults.NoRole(role.Value.RoleName);
        }, stop);
        return new RemoveRoleFromInstanceProfileResponse();
    }
}
