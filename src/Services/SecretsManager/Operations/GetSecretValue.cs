using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class GetSecretValue
{
    public static async ValueTask<GetSecretValueResponse> HandleAsync(
        SecretsManagerContext cx, GetSecretValueRequest request, CancellationToken stop)
    {
        var secret = await cx.RequireAsync(request.SecretId, stop);
        var id = Select(secret.Value, request.VersionId, request.VersionStage);
        var value = await ReadAsync(cx, secret, id, stop) ?? throw (request.VersionId is null
            ? SecretsManagerFaults.NoSuchStage(request.VersionStage ?? Stages.Current)
            : SecretsManagerFaults.NoSuchVersion(id));
        var version = secret.Value.Versions[id];
        return new GetSecretValueResponse
        {
            ARN = cx.ArnOf(secret.Value),
            Name = secret.Value.Name,
            VersionId = id,
            SecretString = value.Text,
            SecretBinary = value.Binary,
            VersionStages = [.. version.Stages],
            CreatedDate = version.CreatedAt,
        };
    }

    // The value of one version, noting the day of the reading; null when a rotation has not filled it yet.
    private static async ValueTask<SecretValue?> ReadAsync(
        SecretsManagerContext cx, Document<SecretDocument> secret, string id, CancellationToken stop)
    {
        var value = await SecretValues.ReadAsync(cx, secret.Value, id, stop);
        if (value is null)
        {
            return null;
        }
        var today = new DateTimeOffset(cx.Now.UtcDateTime.Date, TimeSpan.Zero);
        if (secret.Value.AccessedOn != today || secret.Value.Versions[id].AccessedOn != today)
        {
            var noted = secret.Value.WithVersion(id, secret.Value.Versions[id] with { AccessedOn = today }) with { AccessedOn = today };
            // Whoever changes the secret at the same moment matters more than this date; the next reading notes it.
            await cx.Documents.CommitAsync(new Commit().Update(SecretsManagerKinds.Secrets, secret, noted), stop);
        }
        return value;
    }

    private static string Select(SecretDocument secret, string? versionId, string? stage)
    {
        if (versionId is null)
        {
            return secret.VersionOf(stage ?? Stages.Current) ?? throw SecretsManagerFaults.NoSuchStage(stage ?? Stages.Current);
        }
        if (!secret.Versions.TryGetValue(versionId, out var version))
        {
            throw SecretsManagerFaults.NoSuchVersion(versionId);
        }
        return stage is null || version.Stages.Contains(stage)
            ? versionId
            : throw new InvalidRequestException("You provided a VersionStage that is not associated to the provided VersionId.");
    }
}
