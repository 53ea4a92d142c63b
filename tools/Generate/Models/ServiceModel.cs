namespace Longspan.Generate.Models;

/// <summary>A service as <c>models/&lt;service&gt;/model.json</c> describes it, narrowed to what its claimed operations reach.</summary>
internal sealed record ServiceModel(
    string Folder,
    string Source,
    ServiceFacts Facts,
    IReadOnlyList<string> AllOperations,
    IReadOnlyList<OperationModel> Operations,
    IReadOnlyList<StructureModel> Structures,
    IReadOnlyList<ErrorModel> Errors);

internal sealed record ServiceFacts(
    string Name,
    string SigningName,
    string? TargetPrefix,
    string ApiVersion,
    string? XmlNamespace,
    IReadOnlyList<string> Protocols,
    bool AwsQueryCompatible,
    string IamPrefix);

internal sealed record OperationModel(string Name, string? Input, string? Output, HttpBinding? Http, IReadOnlyList<string> Errors);

internal sealed record HttpBinding(string Method, string Uri, int Status);

internal sealed record StructureModel(string Name, IReadOnlyList<MemberModel> Members)
{
    public string? XmlName { get; init; }
    public string? XmlNamespace { get; init; }
    public bool IsUnion { get; init; }
}

internal sealed record ErrorModel(string Name, int Status, string? QueryCode, IReadOnlyList<MemberModel> Members);

/// <summary>
/// A member of a structure, an item of a list, or a key or value of a map. <see cref="Type"/> is a simple type, <c>list</c>,
/// <c>map</c> or the name of a structure. <see cref="Facts"/> are the other properties as the model file spells them.
/// </summary>
internal sealed record MemberModel(string Name, string Type)
{
    public MemberModel? Item { get; init; }
    public MemberModel? Key { get; init; }
    public MemberModel? Value { get; init; }
    public IReadOnlyDictionary<string, object> Facts { get; init; } = new Dictionary<string, object>();

    private static readonly HashSet<string> _simple =
        ["string", "boolean", "integer", "long", "float", "double", "timestamp", "blob", "document", "list", "map"];

    public bool IsStructure => !_simple.Contains(Type);

    /// <summary>The structures that this member mentions directly or as items.</summary>
    public IEnumerable<string> References()
    {
        if (IsStructure)
            return [Type];
        var inner = Item ?? Value;
        return inner is null ? [] : inner.References();
    }
}

/// <summary>A model file says something that cannot become code. The message names the file and the remedy.</summary>
internal sealed class ModelException(string message) : Exception(message);
