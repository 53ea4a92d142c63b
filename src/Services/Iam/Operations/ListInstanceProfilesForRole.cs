using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>There are no instance profiles yet; tools ask before they delete a role.</summary>
internal static class ListInstanceProfilesForRole
{
    public static async ValueTask<ListInstanceProfilesForRoleResponse> HandleAsync(
        IamContext cx, ListInstanceProfilesForRoleRequest request, CancellationToken stop)
    {
        await Identities.RoleAsync(cx, request.RoleName, stop);
        return new ListInstanceProfilesForRoleResponse { InstanceProfiles = [], IsTruncated = false };
    }
}
