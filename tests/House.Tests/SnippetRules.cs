using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.House.Tests;

/// <summary>What the documents of clients tell users to write is what the tests run.</summary>
public sealed partial class SnippetRules
{
    private static readonly string[] Languages = ["csharp", "python", "js"];

    [Fact]
    public void Snippets_for_clients_are_code_that_runs()
    {
        var code = new[] { "*.cs", "*.py", "*.js" }.SelectMany(kind => Repository.Sources("tests/System.Tests/Clients", kind)).Select(file => Flat(Repository.Read(file))).ToArray();
        var snippets = Directory.GetFiles(Path.Combine(Repository.Root, "docs/clients"), "*.md")
            .SelectMany(file => Fence().Matches(File.ReadAllText(file)).Where(m => Languages.Contains(m.Groups[1].Value)).Select(m => (file, text: m.Groups[2].Value))).ToArray();
        Assert.NotEmpty(snippets);
        Assert.DoesNotContain(snippets, snippet => !code.Any(text => text.Contains(Flat(snippet.text), StringComparison.Ordinal)));
    }

    private static string Flat(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```([a-z]+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
