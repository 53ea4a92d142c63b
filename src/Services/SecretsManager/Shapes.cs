using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager;

/// <summary>Documents as the wire shows them.</summary>
internal static class Shapes
{
    /// <summary>Starts tags that tell about a rotation under way. Tools leave tags alone that start with <c>aws:</c>, and users can't set them.</summary>
    private const string RotationTag = "aws:longspan:rotation-";
    private const string DefaultKey = "DefaultEncryptionKey";

    /// <param name="rotation">The one under way, or given up.</param>
    public static DescribeSecretResponse ToDescription(this SecretDocument secret, SecretsManagerContext cx, RotationDocument? rotation) => new()
    {
        ARN = cx.ArnOf(secret),
        Name = secret.Name,
        Description = secret.Description,
        KmsKeyId = secret.KmsKeyId,
        RotationEnabled = secret.Rotation?.IsEnabled,
        RotationLambdaARN = secret.Rotation?.Target,
        RotationRules = RulesOf(secret.Rotation),
        LastRotatedDate = secret.Rotation?.LastRotatedAt,
        LastChangedDate = secret.ChangedAt,
        LastAccessedDate = secret.AccessedOn,
        DeletedDate = secret.Deletion?.DeletedAt,
        NextRotationDate = NextRotation(secret.Rotation),
        Tags = Tags(secret, rotation),
        VersionIdsToStages = Staged(secret),
        CreatedDate = secret.CreatedAt,
    };

    public static SecretListEntry ToEntry(this SecretDocument secret, SecretsManagerContext cx) => new()
    {
        ARN = cx.ArnOf(secret),
        Name = secret.Name,
        Description = secret.Description,
        KmsKeyId = secret.KmsKeyId,
        RotationEnabled = secret.Rotation?.IsEnabled,
        RotationLambdaARN = secret.Rotation?.Target,
        RotationRules = RulesOf(secret.Rotation),
        LastRotatedDate = secret.Rotation?.LastRotatedAt,
        LastChangedDate = secret.ChangedAt,
        LastAccessedDate = secret.AccessedOn,
        DeletedDate = secret.Deletion?.DeletedAt,
        NextRotationDate = NextRotation(secret.Rotation),
        Tags = Tags(secret, rotation: null),
        SecretVersionsToStages = Staged(secret),
        CreatedDate = secret.CreatedAt,
    };

    public static SecretVersionsListEntry ToEntry(this SecretVersion version, string id) => new()
    {
        VersionId = id,
        VersionStages = version.Stages.Count == 0 ? null : [.. version.Stages],
        LastAccessedDate = version.AccessedOn,
        CreatedDate = version.CreatedAt,
        KmsKeyIds = [version.KmsKeyId ?? DefaultKey],
    };

    private static List<Tag>? Tags(SecretDocument secret, RotationDocument? rotation)
    {
        List<Tag> tags = [.. secret.Tags.Select(t => new Tag { Key = t.Key, Value = t.Value })];
        if (rotation is not null)
        {
            tags.Add(new Tag { Key = RotationTag + "state", Value = rotation.GaveUp ? $"gave up at {rotation.Step}" : rotation.Step });
            if (rotation.LastFailure is { } failure)
            {
                tags.Add(new Tag { Key = RotationTag + "failure", Value = failure });
            }
        }
        return tags.Count == 0 ? null : tags;
    }

    private static RotationRulesType? RulesOf(SecretRotation? rotation) =>
        rotation is null or { AutomaticallyAfterDays: null, ScheduleExpression: null } ? null : new RotationRulesType
        {
            AutomaticallyAfterDays = rotation.AutomaticallyAfterDays, ScheduleExpression = rotation.ScheduleExpression, Duration = rotation.Duration,
        };

    private static DateTimeOffset? NextRotation(SecretRotation? rotation) =>
        rotation?.NextAt is { } opening ? RotationSchedule.LastSecond(rotation, opening) : null;

    // Versions without a label are deprecated and not told here.
    private static Dictionary<string, List<string>>? Staged(SecretDocument secret)
    {
        var staged = secret.Versions.Where(v => v.Value.Stages.Count > 0).ToDictionary(v => v.Key, v => v.Value.Stages.ToList());
        return staged.Count == 0 ? null : staged;
    }
}
