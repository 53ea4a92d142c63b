using System.Text.Json.Serialization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Documents;

/// <summary>A cluster, kept by name in <c>account/region</c>. Deleted clusters stay as INACTIVE, as AWS shows them for a while.</summary>
internal sealed record ClusterDocument
{
    public const string DefaultName = "default";
    public const string Active = "ACTIVE";
    public const string Inactive = "INACTIVE";

    public required string Name { get; init; }
    public required string Arn { get; init; }
    public string Status { get; init; } = Active;
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>What the caller declared: settings, configuration, capacity providers and their default strategy.</summary>
    [JsonConverter(typeof(ShapeJson<Cluster>))]
    public required Cluster Declared { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;

    [JsonIgnore]
    public bool IsActive => Status == Active;
}

/// <summary>An account setting of one principal, or of everyone (<c>default</c>).</summary>
internal sealed record AccountSettingDocument
{
    public required string Name { get; init; }
    public required string Value { get; init; }
    public required string PrincipalArn { get; init; }
}

/// <summary>What a client token was answered with, so that a repeat gets the same tasks. Kept for a day.</summary>
internal sealed record ClientTokenDocument
{
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>Digest of the request: the same token with other parameters is refused.</summary>
    public required string RequestHash { get; init; }
    public IReadOnlyList<string> Ids { get; init; } = [];
}

internal static class TagSet
{
    public static readonly IReadOnlyDictionary<string, string> Empty = new Dictionary<string, string>();
}
