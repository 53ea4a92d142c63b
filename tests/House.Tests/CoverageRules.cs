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
}
