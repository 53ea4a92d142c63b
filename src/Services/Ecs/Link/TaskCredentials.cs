using System.Globalization;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;

namespace Longspan.Services.Ecs.Link;

/// <summary>
/// Keys for tasks, from STS by its public operation, as the principal <c>ecs-tasks.amazonaws.com</c>: the role's trust policy decides, as
/// it does on AWS; its conditions may ask for the task (<c>aws:SourceArn</c>). The credentials id stays the same for a task's life, because
/// its containers' environment holds it.
/// </summary>
internal static class TaskCredentials
{
    public const string Principal = "ecs-tasks.amazonaws.com";
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);
    /// <summary>Fresh keys are pushed when the old ones have this long to live.</summary>
    public static readonly TimeSpan RefreshBefore = TimeSpan.FromMinutes(20);

    /// <summary>The keys, or the refusal in words for the task's stopped reason. A fault of the server itself is thrown.</summary>
    public static ValueTask<(IAMRoleCredentials? Credentials, DateTimeOffset Expires, string? Refusal)> AssumeAsync(
        LinkContext link, string roleArn, string credentialsId, string taskId, CancellationToken stop) =>
        AssumeAsync(link, roleArn, credentialsId, taskId, Life, null, stop);

    /// <param name="bound">For keys that are to be of use after a cut only.</param>
    public static async ValueTask<(IAMRoleCredentials? Credentials, DateTimeOffset Expires, string? Refusal)> AssumeAsync(
        LinkContext link, string roleArn, string credentialsId, string taskId, TimeSpan life, OfflineClaims? bound, CancellationToken stop)
    {
        var task = link.Account.Arn($"task/{link.Instance.ClusterName}/{taskId}");
        try
        {
            var answer = await link.Cloud.CallAsync(
                StsOperations.AssumeRole,
                new AssumeRoleRequest { RoleArn = roleArn, RoleSessionName = taskId, DurationSeconds = (int)life.TotalSeconds },
                Caller.ForService(link.Account.AccountId, Principal, task) with { Offline = bound },
                link.Account.Region, stop);
            var keys = answer.Credentials!;
            var expires = keys.Expiration ?? link.Clock.GetUtcNow() + life;
            return (new IAMRoleCredentials
            {
                CredentialsId = credentialsId,
                RoleArn = roleArn,
                AccessKeyId = keys.AccessKeyId,
                SecretAccessKey = keys.SecretAccessKey,
                SessionToken = keys.SessionToken,
                Expiration = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            }, expires, null);
        }
        catch (AwsError refused) when (!refused.IsServerFault)
        {
            return (null, default, RefusalOf(roleArn));
        }
    }

    public static string RefusalOf(string roleArn) =>
        $"ECS was unable to assume the role '{roleArn}' that was provided for this task. Please verify that the role being passed has the "
        + "proper trust relationship and permissions and that your IAM user has permissions to pass this role.";
}
