using System.Text.Json.Serialization;

namespace Longspan.Services.Kms.Documents;

/// <summary>A key without its secrets: those are documents of their own, sealed, one for each material.</summary>
public sealed record KeyDocument
{
    public required string KeyId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public string Description { get; init; } = "";
    public bool IsEnabled { get; init; } = true;
    /// <summary>The service that an AWS-managed key belongs to, as in <c>alias/aws/ssm</c>; null for keys of the account.</summary>
    public string? ManagedFor { get; init; }
    public required string Policy { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    /// <summary>Oldest first; the last one encrypts, all of them decrypt.</summary>
    public required IReadOnlyList<MaterialEntry> Materials { get; init; }
    public int? RotationPeriodInDays { get; init; }
    public DateTimeOffset? NextRotationAt { get; init; }
    public DateTimeOffset? DeletionAt { get; init; }
    public int? PendingWindowInDays { get; init; }

    [JsonIgnore] public string CurrentMaterialId => Materials[^1].Id;
    [JsonIgnore] public string State => DeletionAt is not null ? "PendingDeletion" : IsEnabled ? "Enabled" : "Disabled";
    /// <summary>When a pass has something to do with this key: delete it, or give it a new material.</summary>
    [JsonIgnore] public DateTimeOffset? DueAt => DeletionAt ?? (IsEnabled ? NextRotationAt : null);
}

/// <param name="Rotation"><c>AUTOMATIC</c> or <c>ON_DEMAND</c>; null for the material that the key was made with.</param>
public sealed record MaterialEntry(string Id, DateTimeOffset CreatedAt, string? Rotation);

/// <summary>The secret of a key under which its messages' keys are derived. Never changed, and deleted only with its key.</summary>
public sealed record KeyMaterialDocument
{
    public required string KeyId { get; init; }
    public required string MaterialId { get; init; }
    public required byte[] Secret { get; init; }

    // A record prints its members; this one must never print its secret.
    public override string ToString() => $"{KeyId}:{MaterialId}";
}
