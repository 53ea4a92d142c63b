using System.Text.Json;
using System.Text.RegularExpressions;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>The definitions that this repository shows to users are accepted by its own rules.</summary>
public sealed class SampleDefinitionTests
{
    [Fact]
    public void TheOrderSamplesDefinitionsCanBeRegistered()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(root.FullName, "samples")))
        {
            root = root.Parent!;
        }
        var options = new JsonSerializerOptions { Converters = { new ShapeJson<RegisterTaskDefinitionRequest>() } };
        var files = Directory.GetFiles(Path.Combine(root.FullName, "samples", "Orders", "task-definitions"), "*.json");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            // Their variables stand for names, addresses and ports: a number is right for each.
            var text = Regex.Replace(File.ReadAllText(file), @"\$\{[A-Z_]+\}", "8080");
            var definition = TaskDefinitionRules.Complete(JsonSerializer.Deserialize<RegisterTaskDefinitionRequest>(text, options)!);
            Assert.All(definition.RequiresCompatibilities ?? [], c => Assert.Contains(c, definition.Compatibilities!));
        }
    }
}
