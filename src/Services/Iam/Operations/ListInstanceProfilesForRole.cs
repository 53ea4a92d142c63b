using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListInstanceProfilesForRole
{
    public static async ValueTask<ListInstanceProfilesForRoleResponse> HandleAsync(
        IamContext cx, ListInstanceProfilesForRoleRequest request, CancellationToken stop)
    {
        var role = await Identities.RoleAsync(cx, request.RoleName, stop);
        var page = Paging.Cut(
            await InstanceProfiles.OfRoleAsync(cx, role.Value, stop), p => AccessKinds.NameOf(p.InstanceProfileName!), request.Marker, request.MaxItems);
        return new ListInstanceProfilesForRoleResponse
        {
            InstanceProfiles = page.Items,
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
