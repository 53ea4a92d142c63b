using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetAccessKeyLastUsed
{
    public static async ValueTask<GetAccessKeyLastUsedResponse> HandleAsync(
        IamContext cx, GetAccessKeyLastUsedRequest request, CancellationToken stop)
    {
        var id = AccessKeyOwners.CheckId(request.AccessKeyId!);
        var key = await cx.Documents.GetAsync(AccessKinds.AccessKeys, cx.AccountId, id, stop) ?? throw IamFaults.NoAccessKey(id);
        return new GetAccessKeyLastUsedResponse
        {
            UserName = key.Value.UserName,
            AccessKeyLastUsed = (await cx.Call.Cloud.Uses.FindAsync(id, stop)).ToKeyShape(),
        };
    }
}
