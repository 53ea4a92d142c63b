using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class UpdateAccessKey
{
    public static async ValueTask<UpdateAccessKeyResponse> HandleAsync(IamContext cx, UpdateAccessKeyRequest request, CancellationToken stop)
    {
        if (request.Status is not ("Active" or "Inactive"))
        {
            throw IamFaults.Constraint("status", request.Status, "Member must satisfy enum value set: [Active, Inactive]");
        }
        await cx.CommitAsync(async () =>
        {
            var (_, key) = await AccessKeyOwners.FindAsync(cx, request.UserName, request.AccessKeyId!, stop);
            return new Commit().Update(AccessKinds.AccessKeys, key, key.Value with { IsActive = request.Status == "Active" });
        }, stop);
        return new UpdateAccessKeyResponse();
    }
}
