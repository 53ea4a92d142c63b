using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.House.Tests;

/// <summary>Who may import whom: ARCHITECTURE.md, "The arrows". References of projects, and services kept apart by folder.</summary>
public sealed partial class ImportRules
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Api"] = [],
        ["Store"] = [],
        ["AgentLink"] = [],
        ["Wire"] = ["Api"],
        ["Kernel"] = ["Api", "Store"],
        ["Services"] = ["Kernel", "Api", "Store", "AgentLink"],
        ["Node"] = ["AgentLink", "Api", "Wire"],
        ["Server"] = ["Services", "Wire", "Kernel", "Api", "Store", "AgentLink"],
        ["Cli"] = ["Server", "Node", "Api", "Wire"],
    };

    [Fact]
    public void Projects_reference_only_what_the_plan_allows()
    {
        var found = Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(Path.GetFileName).Order().ToArray();
        Assert.Equal(Allowed.Keys.Order(), found);
        foreach (var (project, allowed) in Allowed)
        {
            var references = ProjectReference().Matches(Repository.Read($"src/{project}/{project}.csproj")).Select(m => m.Groups[1].Value);
            Assert.Empty(references.Except(allowed));
        }
    }

    [Fact]
    public void A_service_never_imports_another_service()
    {
        var services = Directory.GetDirectories(Path.Combine(Repository.Root, "src/Services")).Select(folder => Path.GetFileName(folder)!)
            .Where(name => name is not ("bin" or "obj")).ToArray();
        Assert.NotEmpty(services);
        var offences =
            from file in Repository.Sources("src/Services")
            let own = file.Split('/')[2]
            from Match import in ServiceImport().Matches(Repository.Read(file))
            where import.Groups[1].Value != own
            select $"{file} imports {import.Groups[1].Value}";
        Assert.Empty(offences);
    }

    [Fact]
    public void Only_the_ECS_service_knows_the_agent_link()
    {
        var offences = Repository.Sources("src/Services").Where(file =>
            !file.StartsWith("src/Services/Ecs/", StringComparison.Ordinal) && Repository.Read(file).Contains("using Longspan.AgentLink", StringComparison.Ordinal));
        Assert.Empty(offences);
    }

    [Fact]
    public void SQLite_is_named_only_below_the_storage_seam()
    {
        var offences = Repository.Sources("src").Where(file =>
            !file.StartsWith("src/Store/Sqlite/", StringComparison.Ordinal) && Repository.Read(file).Contains("using Microsoft.Data.Sqlite", StringComparison.Ordinal));
        Assert.Empty(offences);
    }

    [GeneratedRegex("""ProjectReference Include="\.\./([A-Za-z]+)/""")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"using (?:static )?Longspan\.Services\.([A-Za-z0-9]+)")]
    private static partial Regex ServiceImport();
}
