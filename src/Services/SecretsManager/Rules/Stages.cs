using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>
/// The staging labels of a secret's versions. A label is on one version at a time. Where <see cref="Current"/> leaves a version,
/// <see cref="Previous"/> follows it there, and a <see cref="Pending"/> that was still on that version goes.
/// </summary>
internal static class Stages
{
    public const string Current = "AWSCURRENT";
    public const string Previous = "AWSPREVIOUS";
    public const string Pending = "AWSPENDING";

    private const int MaximumStages = 20;
    private const int MaximumLength = 256;

    /// <summary>The labels that a new version is to have.</summary>
    public static IReadOnlyList<string> Check(List<string>? stages)
    {
        if (stages is null)
        {
            return [Current];
        }
        if (stages.Count is 0 or > MaximumStages)
        {
            throw SecretsManagerFaults.Constraint("versionStages", null, $"Member must have length between 1 and {MaximumStages}, inclusive");
        }
        stages.ForEach(stage => CheckOne(stage));
        return [.. stages.Distinct(StringComparer.Ordinal)];
    }

    public static string CheckOne(string? stage) => stage is { Length: > 0 and <= MaximumLength }
        ? stage
        : throw SecretsManagerFaults.Constraint("versionStage", stage, $"Member must have length between 1 and {MaximumLength}, inclusive");

    /// <summary>Puts the label on the version, taking it from wherever it was.</summary>
    public static SecretDocument Move(SecretDocument secret, string stage, string to)
    {
        var from = secret.VersionOf(stage);
        if (from == to)
        {
            return secret;
        }
        var versions = new Dictionary<string, SecretVersion>(secret.Versions);
        if (from is not null)
        {
            versions[from] = versions[from].Without(stage);
            if (stage == Current)
            {
                if (secret.VersionOf(Previous) is { } older)
                {
                    versions[older] = versions[older].Without(Previous);
                }
                versions[from] = versions[from].Without(Pending).With(Previous);
            }
        }
        versions[to] = versions[to].With(stage);
        if (stage == Current)
        {
            // The version that is current again is no longer the one before it.
            versions[to] = versions[to].Without(Previous);
        }
        return secret with { Versions = versions };
    }

    public static SecretDocument Remove(SecretDocument secret, string stage) =>
        secret.VersionOf(stage) is { } from ? secret.WithVersion(from, secret.Versions[from].Without(stage)) : secret;
}
