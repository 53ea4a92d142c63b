using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.House.Tests;

public sealed class CoverageRules
{
    /// <summary>An operation that a model claims has a file of its own and a line in its module.</summary>
    [Fact]
    public void Every_claimed_operation_is_served()
    {
        var missing = new List<string>();
        foreach (var list in Directory.GetFiles(Path.Combine(Repository.Root, "models"), "operations.txt", SearchOption.AllDirectories).Order())
        {
            var model = Path.GetFileName(Path.GetDirectoryName(list))!;
            // An extension of our own lives in the folder of the service that it extends.
            var module = Repository.Sources("src/Services").SingleOrDefault(
                file => Path.GetFileName(file).Equals($"{model.Replace("-", "", StringComparison.Ordinal)}Module.cs", StringComparison.OrdinalIgnoreCase));
            var sources = module is null ? [] : Repository.Sources(Path.GetDirectoryName(module)!).ToArray();
            var lines = module is null ? "" : Repository.Read(module);
            foreach (var operation in File.ReadAllLines(list).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0))
            {
                if (!sources.Any(file => file.EndsWith($"/{operation}.cs", StringComparison.Ordinal)) || !lines.Contains($".{operation},", StringComparison.Ordinal))
                {
                    missing.Add($"{model}:{operation}");
                }
            }
        }
        Assert.Empty(missing);
    }

    /// <summary>A service with a page lists every operation of its model there: what it serves, and what it refuses as a whole.</summary>
    [Fact]
    public void Every_operation_of_the_model_is_on_the_services_page()
    {
        var page = Path.Combine(Repository.Root, "docs", "services", "ecs.md");
        var text = File.ReadAllText(page);
        var refused = text[text.IndexOf("### Refused as a whole", StringComparison.Ordinal)..text.IndexOf("### Refused settings", StringComparison.Ordinal)];
        var served = text[text.IndexOf("## Operations", StringComparison.Ordinal)..text.IndexOf("### Refused as a whole", StringComparison.Ordinal)];
        var folder = Path.Combine(Repository.Root, "models", "ecs");
        var claimed = File.ReadAllLines(Path.Combine(folder, "operations.txt")).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0).ToHashSet();
        using var model = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "model.json")));
        var offences = model.RootElement.GetProperty("allOperations").EnumerateArray().Select(o => o.GetString()!).Concat(claimed).Distinct()
            .Where(o => Names(served, o) != claimed.Contains(o) || Names(refused, o) == claimed.Contains(o));
        Assert.Empty(offences);
        Assert.Contains($"{claimed.Count} of the API's {model.RootElement.GetProperty("allOperations").GetArrayLength()} operations", text, StringComparison.Ordinal);
    }

    private static bool Names(string text, string operation) => Regex.IsMatch(text, $@"\b{operation}\b");
}
