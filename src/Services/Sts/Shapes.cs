using Longspan.Api.Sts;
using Longspan.Kernel.Access;

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
}
