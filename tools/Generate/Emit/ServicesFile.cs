using Longspan.Generate.Models;

namespace Longspan.Generate.Emit;

/// <summary>Writes the list of all services.</summary>
internal static class ServicesFile
{
    public static string Write(IReadOnlyList<ServiceModel> models, string ns)
    {
        var code = CodeText.File("All services", ns, "Longspan.Api.Shapes");
        code.Line();
        code.Open("public static class AwsServices");
        code.Open("public static IReadOnlyList<ServiceSchema> All { get; } = new[]");
        foreach (var model in models)
            code.Line($"{ns}.{model.Facts.Name}.{OperationsFile.ClassName(model)}.Service,");
        code.Close("};");
        code.Close();
        return code.ToString();
    }
}
