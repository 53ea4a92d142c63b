using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class PutSecretValue
{
    public static async ValueTask<PutSecretValueResponse> HandleAsync(
        SecretsManagerContext cx, PutSecretValueRequest request, CancellationToken stop)
    {
        var value = NewValue.Read(request.ClientRequestToken, request.SecretString, request.SecretBinary)
            ?? throw new InvalidRequestException("You must provide either SecretString or SecretBinary.");
        var stages = Stages.Check(request.VersionStages);
        var secret = await cx.ChangeAsync(
            () => cx.RequireAsync(request.SecretId, stop),
            read => NewVersion.AddToAsync(cx, new Commit(), read, read.Value, value, stages, stop),
            stop);
        return new PutSecretValueResponse
        {
            ARN = cx.ArnOf(secret), Name = secret.Name, VersionId = value.VersionId, VersionStages = [.. secret.Versions[value.VersionId].Stages],
        };
    }
}
