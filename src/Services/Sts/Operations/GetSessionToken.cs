using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Sts.Rules;

namespace Longspan.Services.Sts.Operations;

internal static class GetSessionToken
{
    private const int DefaultSeconds = 43_200;
    private const int MaximumSeconds = 129_600;
    private const int MaximumSecondsOfRoot = 3600;

    public static async ValueTask<GetSessionTokenResponse> HandleAsync(StsContext cx, GetSessionTokenRequest request, CancellationToken stop)
    {
        AssumeRoleRules.CheckDuration(request.DurationSeconds, MaximumSeconds);
        if (!Arn.TryParse(cx.Caller.Arn, out var arn) || arn.Service != "iam" || cx.Caller.AccessKeyId.StartsWith("ASIA", StringComparison.Ordinal))
        {
            throw StsFaults.AccessDenied("Cannot call GetSessionToken with session credentials");
        }
        // Root appears only where any key is accepted; its sessions are the administrator's.
        var isRoot = arn.Resource == "root";
        var name = AccessKinds.NameOf(isRoot ? AccountBootstrap.AdministratorName : arn.Name);
        var user = await cx.Call.Cloud.Documents.GetAsync(AccessKinds.Users, cx.Call.AccountId, name, stop)
            ?? throw StsFaults.NotAuthorized(cx.Caller.Arn, "sts:GetSessionToken", cx.Caller.Arn);
        var seconds = request.DurationSeconds ?? DefaultSeconds;
        var life = TimeSpan.FromSeconds(isRoot ? Math.Min(seconds, MaximumSecondsOfRoot) : seconds);
        var credentials = cx.Tokens.Issue(cx.Call.AccountId, user.Value.UserName, user.Value.UserId, cx.Call.Now, life);
        return new GetSessionTokenResponse { Credentials = credentials.ToShape() };
    }
}
