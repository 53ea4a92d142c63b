using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orders.Core;
using Orders.Web;

namespace Orders.Tests;

/// <summary>The templates are data that nothing compiles; these tests notice when they and the code or the README part ways.</summary>
public sealed partial class TemplateTests
{
    public static TheoryData<string> Templates =>
        [.. new[] { "task-definitions", "services", "policies" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Root(), folder), "*.json"))
            .Select(path => Path.GetRelativePath(Root(), path))];

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_template_is_JSON_once_filled_in_and_its_placeholders_are_in_the_README(string template)
    {
        string text = File.ReadAllText(Path.Combine(Root(), template));
        string readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        Assert.All(Placeholder().Matches(text), match => Assert.Contains($"`{match.Groups[1].Value}`", readme, StringComparison.Ordinal));
        Assert.NotNull(JsonNode.Parse(Placeholder().Replace(text, "8080")));
    }

    [Theory]
    [InlineData("orders-web", "Orders.Web.dll", WebHost.ApiVariable)]
    [InlineData("orders-api", "Orders.Api.dll", QueueNames.OrdersVariable, QueueNames.StatusVariable)]
    [InlineData("orders-processor", "Orders.Processor.dll", QueueNames.OrdersVariable, QueueNames.StatusVariable)]
    public void A_task_definition_sets_what_its_service_requires(string family, string assembly, params string[] variables)
    {
        string text = File.ReadAllText(Path.Combine(Root(), "task-definitions", family + ".json"));
        var definition = JsonNode.Parse(Placeholder().Replace(text, "8080"))!;
        Assert.Equal(family, (string?)definition["family"]);
        var container = definition["containerDefinitions"]![0]!;
        Assert.Equal(["CMD", "dotnet", assembly, "--health"], container["healthCheck"]!["command"]!.AsArray().Select(word => (string)word!));
        Assert.Subset(container["environment"]!.AsArray().Select(variable => (string)variable!["name"]!).ToHashSet(), variables.ToHashSet());
        Assert.True((int)container["stopTimeout"]! > ServiceHost.StopWithin.TotalSeconds);
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetDirectoryName(Path.GetDirectoryName(here))!;

    [GeneratedRegex(@"\$\{([A-Z_]+)\}")]
    private static partial Regex Placeholder();
}
