using Longspan.Generate.Models;

namespace Longspan.Generate.Emit;

/// <summary>
/// Writes the structures: properties, the schema that codecs read, and the three methods that hand members over. All code is
/// straight-line: a static lambda for each collection, a switch on the member's index, nothing looked up by name.
/// </summary>
internal sealed class ShapesFile(ServiceModel model, string ns)
{
    private readonly Names _names = new(model);

    public string Write()
    {
        var code = CodeText.File(model.Source, $"{ns}.{model.Facts.Name}", "System.Text.Json", "Longspan.Api.Shapes");
        foreach (var structure in model.Structures)
            WriteStructure(code, _names.Class(structure.Name), structure);
        foreach (var operation in model.Operations)
        {
            if (operation.Input is null)
                WriteStructure(code, _names.Request(operation), new StructureModel(operation.Name + "Request", []));
            if (operation.Output is null)
                WriteStructure(code, _names.Response(operation), new StructureModel(operation.Name + "Response", []));
        }
        foreach (var error in model.Errors.Where(e => e.Members.Count > 0))
            WriteStructure(code, Names.Detail(error), new StructureModel(error.Name, error.Members));
        return code.ToString();
    }

    private void WriteStructure(CodeText code, string className, StructureModel structure)
    {
        var properties = structure.Members.Select(m => Names.Property(m.Name, className)).ToList();
        if (properties.Distinct(StringComparer.Ordinal).Count() != properties.Count)
            throw new ModelException($"{model.Folder}: two members of {structure.Name} get the same property name");
        code.Line();
        code.Open($"public sealed class {className} : Shape");
        for (var i = 0; i < properties.Count; i++)
            code.Line($"public {_names.Type(structure.Members[i])}? {properties[i]} {{ get; set; }}");
        if (properties.Count > 0)
            code.Line();
        WriteSchema(code, structure);
        WriteWriter(code, structure, properties);
        WriteReader(code, structure, properties);
        WriteIsSet(code, properties);
        code.Close();
    }

    private static void WriteSchema(CodeText code, StructureModel structure)
    {
        var extra = new List<string>();
        if (structure.XmlName is not null)
            extra.Add($"XmlName = {CodeText.Quote(structure.XmlName)}");
        if (structure.XmlNamespace is not null)
            extra.Add($"XmlNamespace = {CodeText.Quote(structure.XmlNamespace)}");
        if (structure.IsUnion)
            extra.Add("IsUnion = true");
        var initializer = extra.Count > 0 ? $" {{ {string.Join(", ", extra)} }}" : "";
        if (structure.Members.Count == 0)
        {
            code.Line($"private static readonly StructureSchema s_schema = new({CodeText.Quote(structure.Name)}){initializer};");
        }
        else
        {
            code.Open("private static readonly Member[] s_members =");
            for (var i = 0; i < structure.Members.Count; i++)
                code.Line(MemberInitializer(structure.Members[i], i) + ",");
            code.Close("};");
            code.Line($"private static readonly StructureSchema s_schema = new({CodeText.Quote(structure.Name)}, s_members){initializer};");
        }
        code.Line("public override StructureSchema Schema => s_schema;");
    }

    private static string MemberInitializer(MemberModel member, int index)
    {
        var parts = new List<string> { $"Name = {CodeText.Quote(member.Name)}" };
        if (index > 0)
            parts.Add($"Index = {index}");
        parts.Add($"Kind = ShapeKind.{Names.Kind(member)}");
        foreach (var (name, value) in member.Facts.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            var property = char.ToUpperInvariant(name[0]) + name[1..];
            parts.Add(value is true ? $"{property} = true" : name switch
            {
                "location" => $"Location = HttpLocation.{value}",
                "timestampFormat" => $"TimestampFormat = TimestampFormat.{value}",
                _ => $"{property} = {CodeText.Quote((string)value)}",
            });
        }
        if (member.Item is not null)
            parts.Add($"Item = {MemberInitializer(member.Item, 0)}");
        if (member.Key is not null)
            parts.Add($"Key = {MemberInitializer(member.Key, 0)}");
        if (member.Value is not null)
            parts.Add($"Value = {MemberInitializer(member.Value, 0)}");
        return $"new() {{ {string.Join(", ", parts)} }}";
    }

    private static void WriteWriter(CodeText code, StructureModel structure, List<string> properties)
    {
        code.Line();
        if (properties.Count == 0)
        {
            code.Line("public override void WriteMembers(ShapeWriter writer) { }");
            return;
        }
        code.Open("public override void WriteMembers(ShapeWriter writer)");
        for (var i = 0; i < properties.Count; i++)
            code.Line($"if ({properties[i]} is {{ }} v{i}) {WriteCall(structure.Members[i], "writer", $"s_members[{i}]", $"v{i}", 0)};");
        code.Close();
    }

    private static string WriteCall(MemberModel member, string writer, string schema, string value, int depth)
    {
        var inner = member.Item ?? member.Value;
        if (inner is null)
            return $"{writer}.Write{Names.Kind(member)}({schema}, {value})";
        var (w, m, v) = ($"w{depth}", $"m{depth}", $"x{depth}");
        return $"{writer}.Write{Names.Kind(member)}({schema}, {value}, static ({w}, {m}, {v}) => {WriteCall(inner, w, m, v, depth + 1)})";
    }

    private void WriteReader(CodeText code, StructureModel structure, List<string> properties)
    {
        code.Line();
        if (properties.Count == 0)
        {
            code.Line("public override void ReadMember(Member member, ShapeReader reader) { }");
            return;
        }
        code.Open("public override void ReadMember(Member member, ShapeReader reader)");
        code.Open("switch (member.Index)");
        for (var i = 0; i < properties.Count; i++)
            code.Line($"case {i}: {properties[i]} = {ReadCall(structure.Members[i], "reader", "member", 0)}; break;");
        code.Close();
        code.Close();
    }

    private string ReadCall(MemberModel member, string reader, string schema, int depth)
    {
        if (member.IsStructure)
            return $"{reader}.ReadStructure<{_names.Class(member.Type)}>({schema})";
        var inner = member.Item ?? member.Value;
        if (inner is null)
            return $"{reader}.Read{Names.Kind(member)}({schema})";
        var (r, m) = ($"r{depth}", $"m{depth}");
        return $"{reader}.Read{Names.Kind(member)}({schema}, static ({r}, {m}) => {ReadCall(inner, r, m, depth + 1)})";
    }

    private static void WriteIsSet(CodeText code, List<string> properties)
    {
        code.Line();
        if (properties.Count == 0)
        {
            code.Line("public override bool IsSet(Member member) => false;");
            return;
        }
        code.Open("public override bool IsSet(Member member) => member.Index switch");
        for (var i = 0; i < properties.Count; i++)
            code.Line($"{i} => {properties[i]} is not null,");
        code.Line("_ => false,");
        code.Close("};");
    }
}
