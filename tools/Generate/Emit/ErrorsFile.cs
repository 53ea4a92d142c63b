using System.Globalization;
using Longspan.Generate.Models;

namespace Longspan.Generate.Emit;

/// <summary>Writes an exception for each error that a claimed operation can answer with.</summary>
internal sealed class ErrorsFile(ServiceModel model, string ns)
{
    public string Write()
    {
        var code = CodeText.File(model.Source, $"{ns}.{model.Facts.Name}", "Longspan.Api.Shapes");
        foreach (var error in model.Errors)
        {
            var detailed = error.Members.Count > 0;
            var arguments = new List<string>
            {
                CodeText.Quote(error.Name), "message", error.Status.ToString(CultureInfo.InvariantCulture),
            };
            if (error.QueryCode is not null)
                arguments.Add(CodeText.Quote(error.QueryCode));
            if (detailed)
                arguments.Add(error.QueryCode is null ? "detail: detail" : "detail");
            var parameters = detailed ? $"string message, {Names.Detail(error)}? detail = null" : "string message";
            code.Line();
            code.Line($"public sealed class {error.Name}({parameters})");
            code.Line($"    : AwsError({string.Join(", ", arguments)});");
        }
        return code.ToString();
    }
}
