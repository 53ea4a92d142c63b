using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Operations;

namespace Longspan.Services.SecretsManager;

/// <summary>Secrets Manager: named secrets with versions, labels, scheduled deletion and rotation.</summary>
public sealed class SecretsManagerModule : ServiceModule<SecretsManagerContext>
{
    public SecretsManagerModule()
        : base(SecretsManagerOperations.Service)
    {
        Map(SecretsManagerOperations.CreateSecret, CreateSecret.HandleAsync, SecretsManagerAccess.CreateAsync);
        Map(SecretsManagerOperations.DescribeSecret, DescribeSecret.HandleAsync, (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "DescribeSecret", r.SecretId, stop));
        Map(SecretsManagerOperations.GetSecretValue, GetSecretValue.HandleAsync, SecretsManagerAccess.GetValueAsync);
    }

    protected override SecretsManagerContext NewContext(CallContext call) => new(call);
}
