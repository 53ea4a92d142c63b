using Longspan.Api.Sts;
using Longspan.Services.Sts.Rules;

namespace Longspan.Services.Sts.Operations;

internal static class GetSessionToken
{
    public static async ValueTask<GetSessionTokenResponse> HandleAsync(StsContext cx, GetSessionTokenRequest request, CancellationToken stop)
    {
        DeviceRules.Check(request.SerialNumber, request.TokenCode);
        var (user, life) = await LongLivedUser.FindAsync(cx, "GetSessionToken", request.DurationSeconds, stop);
        DeviceRules.RequireNone(request.SerialNumber, request.TokenCode);
        var credentials = cx.Tokens.Issue(cx.Call.AccountId, user.UserName, user.UserId, cx.Call.Now, life);
        return new GetSessionTokenResponse { Credentials = credentials.ToShape() };
    }
}
