using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>
/// The key and the user's list of keys are one commit that relies on the user as it was read: of several creators at once, no more
/// succeed than the quota has room for.
/// </summary>
internal static class CreateAccessKey
{
    public static async ValueTask<CreateAccessKeyResponse> HandleAsync(IamContext cx, CreateAccessKeyRequest request, CancellationToken stop)
    {
        AccessKeyDocument? key = null;
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
            if (user.Value.AccessKeyIds.Count >= IamLimits.AccessKeysPerUser)
            {
                throw IamFaults.Quota("AccessKeysPerUser", IamLimits.AccessKeysPerUser);
            }
            key = new AccessKeyDocument
            {
                AccessKeyId = Ids.Unique("AKIA"),
                UserName = user.Value.UserName,
                Secret = Ids.Secret(40),
                CreatedAt = cx.Call.Now,
            };
            return new Commit()
                .Create(AccessKinds.AccessKeys, cx.AccountId, key.AccessKeyId, key)
                .Update(AccessKinds.Users, user, user.Value with { AccessKeyIds = [.. user.Value.AccessKeyIds, key.AccessKeyId] });
        }, stop);
        return new CreateAccessKeyResponse
        {
            AccessKey = new AccessKey
            {
                UserName = key!.UserName,
                AccessKeyId = key.AccessKeyId,
                Status = Shapes.StatusOf(key),
                SecretAccessKey = key.Secret,
                CreateDate = key.CreatedAt,
            },
        };
    }
}
