using Longspan.Api.Sts;

namespace Longspan.Services.Sts.Operations;

internal static class GetCallerIdentity
{
    public static ValueTask<GetCallerIdentityResponse> HandleAsync(
        StsContext cx, GetCallerIdentityRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new GetCallerIdentityResponse
        {
            UserId = cx.Caller.UserId,
            Account = cx.Caller.AccountId,
            Arn = cx.Caller.Arn,
        });
}
