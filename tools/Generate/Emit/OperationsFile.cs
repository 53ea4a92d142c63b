using Longspan.Generate.Models;

namespace Longspan.Generate.Emit;

/// <summary>Writes the service's facts and its table of claimed operations.</summary>
internal sealed class OperationsFile(ServiceModel model, string ns)
{
    private readonly Names _names = new(model);

    public static string ClassName(ServiceModel model) => model.Facts.Name + "Operations";

    public string Write()
    {
        var code = CodeText.File(model.Source, $"{ns}.{model.Facts.Name}", "Longspan.Api.Shapes");
        code.Line();
        code.Open($"public static class {ClassName(model)}");
        WriteService(code, model.Facts);
        foreach (var operation in model.Operations)
        {
            var http = operation.Http is { } h
                ? $", HttpMethod = {CodeText.Quote(h.Method)}, HttpUri = {CodeText.Quote(h.Uri)}{(h.Status == 200 ? "" : $", HttpStatus = {h.Status}")}"
                : "";
            code.Line();
            code.Line($"public static readonly Operation<{_names.Request(operation)}, {_names.Response(operation)}> {operation.Name} =");
            code.Line($"    new() {{ Service = Service, Name = {CodeText.Quote(operation.Name)}{http} }};");
        }
        code.Line();
        code.Open("private static readonly Operation[] s_claimed =");
        foreach (var operation in model.Operations)
            code.Line(operation.Name + ",");
        code.Close("};");
        code.Line("private static Operation[] Claimed() => s_claimed;");
        code.Close();
        return code.ToString();
    }

    private void WriteService(CodeText code, ServiceFacts facts)
    {
        code.Open("public static readonly ServiceSchema Service = new()");
        code.Line($"Name = {CodeText.Quote(facts.Name)},");
        code.Line($"SigningName = {CodeText.Quote(facts.SigningName)},");
        if (facts.TargetPrefix is not null)
            code.Line($"TargetPrefix = {CodeText.Quote(facts.TargetPrefix)},");
        code.Line($"ApiVersion = {CodeText.Quote(facts.ApiVersion)},");
        if (facts.XmlNamespace is not null)
            code.Line($"XmlNamespace = {CodeText.Quote(facts.XmlNamespace)},");
        code.Line($"Protocols = new[] {{ {string.Join(", ", facts.Protocols.Select(p => "AwsProtocol." + p))} }},");
        if (facts.AwsQueryCompatible)
            code.Line("AwsQueryCompatible = true,");
        code.Line($"IamPrefix = {CodeText.Quote(facts.IamPrefix)},");
        code.Open("AllOperations = new[]");
        foreach (var name in model.AllOperations)
            code.Line(CodeText.Quote(name) + ",");
        code.Close("},");
        code.Line("Operations = Claimed,");
        code.Close("};");
    }
}
