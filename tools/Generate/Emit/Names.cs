using Longspan.Generate.Models;

namespace Longspan.Generate.Emit;

/// <summary>Names and types in C# for what the model names in its own way.</summary>
internal sealed class Names(ServiceModel model)
{
    /// <summary>
    /// Shapes with these names would be ambiguous wherever a file uses both the service's namespace and the implicit ones, or would
    /// hide what generated code itself mentions. They carry the service's name in front: <c>EcsTask</c>.
    /// </summary>
    private static readonly HashSet<string> _taken =
    [
        "Action", "Activity", "Array", "Attribute", "Boolean", "Buffer", "Byte", "Char", "Comparison", "Console", "Convert", "DateTime", "DateTimeOffset",
        "Decimal", "Delegate", "Dictionary", "Directory", "Double", "Enum", "Environment", "EventArgs", "Exception", "File", "Func", "Guid",
        "Half", "HashCode", "Index", "Int32", "Int64", "JsonElement", "Lazy", "List", "Math", "Member", "Memory", "Monitor", "Nullable", "Object",
        "Operation", "Parallel", "Path", "Progress", "Queue", "Random", "Range", "ReadOnlyMemory", "SearchOption", "Shape", "ShapeKind",
        "ShapeReader", "ShapeWriter", "ServiceSchema", "Single", "Stack", "Stream", "String", "StructureSchema", "Task", "Thread", "TimeSpan",
        "Timer", "Tuple", "Type", "Uri", "Version", "Volatile",
    ];

    /// <summary>Members of <c>Shape</c> and <c>object</c> that a property must not hide.</summary>
    private static readonly HashSet<string> _inherited =
        ["Schema", "WriteMembers", "ReadMember", "IsSet", "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize"];

    public string Class(string shape) => _taken.Contains(shape) ? model.Facts.Name + shape : shape;

    public string Request(OperationModel operation) => Class(operation.Input ?? operation.Name + "Request");

    public string Response(OperationModel operation) => Class(operation.Output ?? operation.Name + "Response");

    public static string Detail(ErrorModel error) => error.Name + "Detail";

    public static string Property(string wireName, string className)
    {
        var name = string.Concat(wireName.Split('-', '.', '_', ':').Where(p => p.Length > 0).Select(p => char.ToUpperInvariant(p[0]) + p[1..]));
        return name == className || _inherited.Contains(name) ? name + "Value" : name;
    }

    public string Type(MemberModel member) => member.Type switch
    {
        "string" => "string",
        "boolean" => "bool",
        "integer" => "int",
        "long" => "long",
        "float" => "float",
        "double" => "double",
        "timestamp" => "DateTimeOffset",
        "blob" => "ReadOnlyMemory<byte>",
        "document" => "JsonElement",
        "list" => $"List<{Type(member.Item!)}>",
        "map" => $"Dictionary<string, {Type(member.Value!)}>",
        _ => Class(member.Type),
    };

    public static string Kind(MemberModel member) => member.Type switch
    {
        "string" or "boolean" or "integer" or "long" or "float" or "double" or "timestamp" or "blob" or "document" or "list" or "map"
            => char.ToUpperInvariant(member.Type[0]) + member.Type[1..],
        _ => "Structure",
    };
}
