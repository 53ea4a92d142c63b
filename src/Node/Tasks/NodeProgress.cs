using System.Text.Json.Serialization;

namespace Longspan.Node.Tasks;

/// <summary>What the node remembers beside its tasks.</summary>
internal sealed record NodeProgress
{
    public const string FileName = "progress.json";

    public long Generation { get; init; }
    /// <summary>The machine's boot that last ran this node: another one means that all containers went down with the machine.</summary>
    public string BootId { get; init; } = "";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeProgress))]
internal sealed partial class NodeProgressJson : JsonSerializerContext;
