using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class DeleteAccessKey
{
    public static async ValueTask<DeleteAccessKeyResponse> HandleAsync(IamContext cx, DeleteAccessKeyRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var (user, key) = await AccessKeyOwners.FindAsync(cx, request.UserName, request.AccessKeyId!, stop);
            var commit = new Commit()
                .Delete(key)
                .Update(AccessKinds.Users, user,
                    user.Value with { AccessKeyIds = [.. user.Value.AccessKeyIds.Where(id => id != key.Value.AccessKeyId)] });
            return await cx.Call.Cloud.Uses.ForgetAsync(commit, key.Value.AccessKeyId, stop);
        }, stop);
        return new DeleteAccessKeyResponse();
    }
}
