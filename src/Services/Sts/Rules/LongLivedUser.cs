using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Sts.Rules;

/// <summary>The user behind a long-lived key, who alone may make sessions of its own, and how long these last.</summary>
internal static class LongLivedUser
{
    private const int DefaultSeconds = 43_200;
    private const int MaximumSeconds = 129_600;
    private const int MaximumSecondsOfRoot = 3600;

    public static async ValueTask<(UserDocument User, TimeSpan Life)> FindAsync(StsContext cx, string operation, int? requested, CancellationToken stop)
    {
        AssumeRoleRules.CheckDuration(requested, MaximumSeconds);
        if (!Arn.TryParse(cx.Caller.Arn, out var arn) || arn.Service != "iam" || cx.Caller.AccessKeyId.StartsWith("ASIA", StringComparison.Ordinal))
        {
            throw StsFaults.AccessDenied($"Cannot call {operation} with session credentials");
        }
        // Root appears only where any key is accepted; its sessions are the administrator's.
        var isRoot = arn.Resource == "root";
        var name = AccessKinds.NameOf(isRoot ? AccountBootstrap.AdministratorName : arn.Name);
        var user = await cx.Call.Cloud.Documents.GetAsync(AccessKinds.Users, cx.Call.AccountId, name, stop)
            ?? throw StsFaults.NotAuthorized(cx.Caller.Arn, $"sts:{operation}", cx.Caller.Arn);
        var seconds = requested ?? DefaultSeconds;
        return (user.Value, TimeSpan.FromSeconds(isRoot ? Math.Min(seconds, MaximumSecondsOfRoot) : seconds));
    }
}
