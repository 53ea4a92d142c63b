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
            var service = Directory.GetDirectories(Path.Combine(Repository.Root, "src/Services")).Select(folder => Path.GetFileName(folder)!)
                .SingleOrDefault(name => name.Equals(model, StringComparison.OrdinalIgnoreCase));
            var sources = service is null ? [] : Repository.Sources($"src/Services/{service}").ToArray();
            var module = service is null ? "" : Repository.Read($"src/Services/{service}/{service}Module.cs");
            foreach (var operation in File.ReadAllLines(list).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0))
            {
                if (!sources.Any(file => file.EndsWith($"/{operation}.cs", StringComparison.Ordinal)) || !module.Contains($".{operation},", StringComparison.Ordinal))
                {
                    missing.Add($"{model}:{operation}");
                }
            }
        }
        Assert.Empty(missing);
    }
}
