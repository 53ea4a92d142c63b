using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager;

/// <summary>Documents as the wire shows them.</summary>
internal static class Shapes
{
    public static DescribeSecretResponse ToDescription(this SecretDocument secret, SecretsManagerContext cx) => new()
    {
        ARN = cx.ArnOf(secret),
        Name = secret.Name,
        Description = secret.Description,
        KmsKeyId = secret.KmsKeyId,
        LastChangedDate = secret.ChangedAt,
        LastAccessedDate = secret.AccessedOn,
        DeletedDate = secret.Deletion?.DeletedAt,
        CreatedDate = secret.CreatedAt,
        Tags = ToShape(secret.Tags),
        VersionIdsToStages = Staged(secret),
    };

    public static List<Tag>? ToShape(IReadOnlyDictionary<string, string> tags) =>
        tags.Count == 0 ? null : [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })];

    /// <summary>Versions that carry a label; null when there are none.</summary>
    public static Dictionary<string, List<string>>? Staged(SecretDocument secret)
    {
        var staged = secret.Versions.Where(v => v.Value.Stages.Count > 0).ToDictionary(v => v.Key, v => v.Value.Stages.ToList());
        return staged.Count == 0 ? null : staged;
    }
}
