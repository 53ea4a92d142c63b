namespace Longspan.Services.Ssm.Documents;

/// <summary>
/// One version of a parameter. The newest is stored under the parameter's name; it and every earlier one also under name and number, as
/// <see cref="SsmKinds.VersionName"/> spells it.
/// </summary>
public sealed record ParameterDocument
{
    public required string Name { get; init; }
    public required string Type { get; init; }
    public required string Value { get; init; }
    public required long Version { get; init; }
    public required DateTimeOffset ModifiedAt { get; init; }
    public required string ModifiedBy { get; init; }
    public string DataType { get; init; } = "text";
    public string Tier { get; init; } = "Standard";
    public string? Description { get; init; }
    public string? AllowedPattern { get; init; }
    public string? KeyId { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    // A record prints its members; this one must never print its value.
    public override string ToString() => $"{Name}:{Version}";
}
