using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetUser
{
    public static async ValueTask<GetUserResponse> HandleAsync(IamContext cx, GetUserRequest request, CancellationToken stop)
    {
        if (request.UserName is null && Identities.IsRoot(cx.Caller))
        {
            return new GetUserResponse { User = new User { UserId = cx.AccountId, Arn = cx.Caller.Arn, Path = "/", UserName = "root" } };
        }
        var user = await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        return new GetUserResponse { User = user.Value.ToShape(cx.AccountId) };
    }
}
