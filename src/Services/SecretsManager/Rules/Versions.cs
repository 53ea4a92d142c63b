using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>How versions come and go.</summary>
internal static class Versions
{
    /// <summary>More than this are kept only while they carry a label or are younger than <see cref="s_young"/>.</summary>
    private const int Kept = 100;
    /// <summary>With this many young ones the secret takes no more.</summary>
    private const int Maximum = 250;
    private const int MaximumStages = 20;
    private static readonly TimeSpan s_young = TimeSpan.FromDays(1);

    /// <summary>The secret with a version more, or with the value that a rotation's empty version waited for, and its labels moved to it.</summary>
    public static SecretDocument Add(SecretDocument secret, string id, IReadOnlyList<string> stages, DateTimeOffset now, bool hasValue = true)
    {
        var version = secret.Versions.GetValueOrDefault(id) ?? new SecretVersion(now, [], hasValue);
        var changed = secret.WithVersion(id, version with { HasValue = hasValue, KmsKeyId = secret.KmsKeyId }) with { ChangedAt = now };
        foreach (var stage in stages)
        {
            changed = Stages.Move(changed, stage, id);
        }
        if (hasValue && changed.VersionOf(Stages.Current) is null)
        {
            changed = Stages.Move(changed, Stages.Current, id);
        }
        return changed.Versions.Values.Sum(v => v.Stages.Count) <= MaximumStages
            ? changed
            : throw new LimitExceededException($"A secret can have no more than {MaximumStages} staging labels across all its versions.");
    }

    /// <summary>The secret without the versions that nobody needs any more, and their ids: their values go in the same commit.</summary>
    public static (SecretDocument Secret, IReadOnlyList<string> Removed) Trim(SecretDocument secret, DateTimeOffset now)
    {
        var excess = secret.Versions.Count - Kept;
        if (excess <= 0)
        {
            return (secret, []);
        }
        var removed = secret.Versions
            .Where(v => v.Value.Stages.Count == 0 && v.Value.CreatedAt <= now - s_young)
            .OrderBy(v => v.Value.CreatedAt).Take(excess).Select(v => v.Key).ToList();
        if (secret.Versions.Count - removed.Count > Maximum)
        {
            throw new LimitExceededException("The secret has as many versions as it can have. Versions younger than a day are kept.");
        }
        return (secret with { Versions = secret.Versions.Where(v => !removed.Contains(v.Key)).ToDictionary() }, removed);
    }
}
