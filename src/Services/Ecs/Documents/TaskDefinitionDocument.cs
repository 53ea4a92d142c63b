using System.Globalization;
using System.Text.Json.Serialization;
using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Documents;

/// <summary>
/// One revision of a family. The registered definition is kept whole and never changes; only <see cref="Status"/>, its times and the
/// tags do.
/// </summary>
internal sealed record TaskDefinitionDocument
{
    public const string Active = "ACTIVE";
    public const string Inactive = "INACTIVE";
    public const string DeleteInProgress = "DELETE_IN_PROGRESS";

    public required string Family { get; init; }
    public required int Revision { get; init; }
    public required string Arn { get; init; }
    public string Status { get; init; } = Active;
    public required DateTimeOffset RegisteredAt { get; init; }
    public DateTimeOffset? DeregisteredAt { get; init; }
    public DateTimeOffset? DeleteRequestedAt { get; init; }
    public string? RegisteredBy { get; init; }
    [JsonConverter(typeof(ShapeJson<TaskDefinition>))]
    public required TaskDefinition Definition { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = TagSet.Empty;

    [JsonIgnore]
    public string DocumentName => NameOf(Family, Revision);
    [JsonIgnore]
    public IReadOnlyList<ContainerDefinition> Containers => Definition.ContainerDefinitions ?? [];
    [JsonIgnore]
    public bool IsAwsvpc => Definition.NetworkMode == "awsvpc";

    /// <summary>Sorts by family, then by revision: the separator precedes every character that a family may hold.</summary>
    public static string NameOf(string family, int revision) => family + "#" + revision.ToString("D10", CultureInfo.InvariantCulture);
}

/// <summary>A family's revision counter. Its expectation makes two concurrent registrations take two numbers.</summary>
internal sealed record TaskDefinitionFamilyDocument
{
    public required string Family { get; init; }
    public required int LatestRevision { get; init; }
    /// <summary>The newest ACTIVE revision, or 0: what the family's name alone stands for.</summary>
    public required int LatestActiveRevision { get; init; }
}
