namespace Longspan.Services.Ssm.Documents;

/// <summary>
/// One version of a parameter. The newest is stored under the parameter's name; it and every earlier one also under name and number, as
/// <see cref="SsmKinds.VersionName"/> spells it. Tags, labels and what became of policies are kept with the newest only.
/// </summary>
public sealed record ParameterDocument
{
    public required string Name { get; init; }
    public required string Type { get; init; }
    /// <summary>In clear, or as <see cref="Sealing"/> says.</summary>
    public required string Value { get; init; }
    /// <summary>
    /// How the value of a secure string is encrypted: by KMS itself, or under a data key of KMS's. Null for values of other types, and for secure strings
    /// from before there was a key service.
    /// </summary>
    public string? Sealing { get; init; }
    public required long Version { get; init; }
    public required DateTimeOffset ModifiedAt { get; init; }
    public required string ModifiedBy { get; init; }
    public string DataType { get; init; } = "text";
    public string Tier { get; init; } = "Standard";
    public string? Description { get; init; }
    public string? AllowedPattern { get; init; }
    public string? KeyId { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>Versions by label: a label is on one version at a time.</summary>
    public IReadOnlyDictionary<string, long> Labels { get; init; } = new Dictionary<string, long>();
    public IReadOnlyList<ParameterPolicy> Policies { get; init; } = [];

    // A record prints its members; this one must never print its value.
    public override string ToString() => $"{Name}:{Version}";
}

/// <summary>One policy of an advanced parameter.</summary>
/// <param name="Text">Its JSON as the user wrote it.</param>
public sealed record ParameterPolicy(string Type, string Text)
{
    /// <summary>The moment of an <c>Expiration</c>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
    /// <summary>How long before the expiration, or after the last change, a notification is due.</summary>
    public TimeSpan? Span { get; init; }
    /// <summary>The notification has been given; a later change of the parameter or of its expiration makes it due again.</summary>
    public bool IsFinished { get; init; }
}

/// <summary>A service setting that was changed. Scope: account and region; name is the setting's id.</summary>
public sealed record SettingDocument(string Value, DateTimeOffset ModifiedAt, string ModifiedBy);
