using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Operations;

/// <summary>There are no MFA devices. Tools that take stock of an account ask.</summary>
internal static class ListVirtualMFADevices
{
    public static ValueTask<ListVirtualMFADevicesResponse> HandleAsync(IamContext cx, ListVirtualMFADevicesRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new ListVirtualMFADevicesResponse { VirtualMFADevices = [], IsTruncated = false });
}
