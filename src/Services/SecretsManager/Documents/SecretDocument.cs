namespace Longspan.Services.SecretsManager.Documents;

/// <summary>
/// A secret without its values: those are documents of their own, sealed, and read only by whoever asks for one. Scope
/// <c>account/region</c>, name is the secret's own.
/// </summary>
/// <param name="Suffix">The six random characters at the end of the ARN: a secret made again under the same name is another one.</param>
internal sealed record SecretDocument(string Name, string Suffix, DateTimeOffset CreatedAt)
{
    public string? Description { get; init; }
    /// <summary>As given; null for the account's own key.</summary>
    public string? KmsKeyId { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
    /// <summary>The day of the last reading, at midnight: AWS tells no more, and so a busy secret is written once a day only.</summary>
    public DateTimeOffset? AccessedOn { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>The resource policy as its owner wrote it.</summary>
    public string? Policy { get; init; }
    public SecretDeletion? Deletion { get; init; }
    public SecretRotation? Rotation { get; init; }
    /// <summary>By version id, deprecated ones included.</summary>
    public IReadOnlyDictionary<string, SecretVersion> Versions { get; init; } = new Dictionary<string, SecretVersion>();

    public string Resource => $"secret:{Name}-{Suffix}";

    /// <summary>The version that carries this label, or null.</summary>
    public string? VersionOf(string stage)
    {
        foreach (var (id, version) in Versions)
        {
            if (version.Stages.Contains(stage))
            {
                return id;
            }
        }
        return null;
    }

    public SecretDocument WithVersion(string id, SecretVersion version) =>
        this with { Versions = new Dictionary<string, SecretVersion>(Versions) { [id] = version } };
}

/// <summary>A secret on its way out: no value is given away, and at the end of the window a pass removes it.</summary>
internal sealed record SecretDeletion(DateTimeOffset DeletedAt, DateTimeOffset EndsAt);

/// <summary>One version, without its value.</summary>
/// <param name="Stages">Its labels in ordinal order; a version without any is deprecated.</param>
/// <param name="HasValue">False for the place that a rotation has prepared and not filled yet.</param>
internal sealed record SecretVersion(DateTimeOffset CreatedAt, IReadOnlyList<string> Stages, bool HasValue)
{
    public DateTimeOffset? AccessedOn { get; init; }
    /// <summary>The key under which the value is encrypted; null for the account's own.</summary>
    public string? KmsKeyId { get; init; }

    public SecretVersion With(string stage) =>
        Stages.Contains(stage) ? this : this with { Stages = [.. Stages.Append(stage).Order(StringComparer.Ordinal)] };

    public SecretVersion Without(string stage) => Stages.Contains(stage) ? this with { Stages = [.. Stages.Where(s => s != stage)] } : this;
}

/// <summary>How, and how often, the secret is rotated.</summary>
/// <param name="Target">The task definition that does it, in the place of AWS's Lambda function.</param>
internal sealed record SecretRotation(string Target)
{
    /// <summary>False after <c>CancelRotateSecret</c>: nothing happens on schedule, and the rest is remembered.</summary>
    public required bool IsEnabled { get; init; }
    public long? AutomaticallyAfterDays { get; init; }
    public string? ScheduleExpression { get; init; }
    public string? Duration { get; init; }
    public DateTimeOffset? LastRotatedAt { get; init; }
    /// <summary>When the next window opens; null without a schedule.</summary>
    public DateTimeOffset? NextAt { get; init; }
}
