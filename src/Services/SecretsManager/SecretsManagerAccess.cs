using Longspan.Api.SecretsManager;
using Longspan.Kernel.Access;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager;

/// <summary>
/// What Secrets Manager's operations ask of the policies: nearly always the action of their name on one secret, by its whole ARN
/// however the request names it.
/// </summary>
internal static class SecretsManagerAccess
{
    public static async ValueTask<IReadOnlyList<AccessDemand>> SecretAsync(
        SecretsManagerContext cx, string operation, string? secretId, CancellationToken stop) =>
        [await DemandAsync(cx, operation, secretId, stop)];

    public static async ValueTask<IReadOnlyList<AccessDemand>> GetValueAsync(
        SecretsManagerContext cx, GetSecretValueRequest request, CancellationToken stop) =>
    [
        await DemandAsync(
            cx, "GetSecretValue", request.SecretId, stop, ("VersionId", request.VersionId),
            // The label that a request means when it names neither.
            ("VersionStage", request.VersionStage ?? (request.VersionId is null ? Stages.Current : null))),
    ];

    public static ValueTask<IReadOnlyList<AccessDemand>> CreateAsync(
        SecretsManagerContext cx, CreateSecretRequest request, CancellationToken stop)
    {
        var tags = Tags(request.Tags);
        var create = new AccessDemand("secretsmanager:CreateSecret", SecretNames.ArnOfMissing(cx.Call, request.Name))
        {
            Keys = Keys(("Name", request.Name), ("Description", request.Description), ("KmsKeyId", request.KmsKeyId)),
            RequestTags = tags,
        };
        return ValueTask.FromResult<IReadOnlyList<AccessDemand>>(
            tags is null ? [create] : [create, create with { Action = "secretsmanager:TagResource" }]);
    }

    private static async ValueTask<AccessDemand> DemandAsync(
        SecretsManagerContext cx, string operation, string? secretId, CancellationToken stop, params (string Key, string? Value)[] keys)
    {
        var secret = (await cx.FindAsync(secretId, stop))?.Value;
        var arn = secret is null ? SecretNames.ArnOfMissing(cx.Call, secretId) : cx.ArnOf(secret);
        return new AccessDemand($"secretsmanager:{operation}", arn)
        {
            Keys = Keys([("SecretId", secret is null ? secretId : arn), .. keys]),
            ResourceTags = secret?.Tags,
        };
    }

    private static Dictionary<string, IReadOnlyList<string>> Keys(params ReadOnlySpan<(string Key, string? Value)> pairs)
    {
        var keys = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in pairs)
        {
            if (value is not null)
            {
                keys[$"secretsmanager:{key}"] = [value];
            }
        }
        return keys;
    }

    private static Dictionary<string, string>? Tags(List<Tag>? tags) => tags is not { Count: > 0 }
        ? null
        : tags.Where(t => t.Key is not null).DistinctBy(t => t.Key).ToDictionary(t => t.Key!, t => t.Value ?? "", StringComparer.Ordinal);
}
