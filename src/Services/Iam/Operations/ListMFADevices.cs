using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>There are no MFA devices, so no user has any. Tools ask before they delete a user.</summary>
internal static class ListMFADevices
{
    public static async ValueTask<ListMFADevicesResponse> HandleAsync(IamContext cx, ListMFADevicesRequest request, CancellationToken stop)
    {
        await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        return new ListMFADevicesResponse { MFADevices = [], IsTruncated = false };
    }
}
