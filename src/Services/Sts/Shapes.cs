using Longspan.Api.Sts;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Sts;

internal static class Shapes
{
    public static Credentials ToShape(this TemporaryCredentials credentials) => new()
    {
        AccessKeyId = credentials.AccessKeyId,
        SecretAccessKey = credentials.Secret,
        SessionToken = credentials.SessionToken,
        Expiration = credentials.ExpiresAt,
    };

    public static AssumedRoleUser ToShape(this RoleDocument role, string accountId, string sessionName) => new()
    {
        AssumedRoleId = $"{role.RoleId}:{sessionName}",
        Arn = AccessKeys.AssumedRoleArn(accountId, role.RoleName, sessionName),
    };
}
