using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.House.Tests;

public sealed partial class DocumentRules
{
    private static readonly string[] Documents = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "SECURITY.md"];

    /// <summary>Paths and types that documents name in code spans exist, so documents cannot rot.</summary>
    [Fact]
    public void Documents_name_only_what_exists()
    {
        var types = Repository.Sources("src").Concat(Repository.Sources("tests")).SelectMany(file => Declaration().Matches(Repository.Read(file)).Select(m => m.Groups[1].Value)).ToHashSet();
        var offences =
            from document in Documents
            from Match span in CodeSpan().Matches(Repository.Read(document))
            let text = span.Groups[1].Value
            where IsPath(text) ? !Path.Exists(Path.Combine(Repository.Root, text)) : TypeLike().IsMatch(text) && !types.Contains(text)
            select $"{document}: {text}";
        Assert.Empty(offences);
    }

    private static bool IsPath(string text) =>
        PathLike().IsMatch(text) && (text.StartsWith("src/", StringComparison.Ordinal) || text.StartsWith("tests/", StringComparison.Ordinal)
            || text.StartsWith("docs/", StringComparison.Ordinal) || text.StartsWith("samples/", StringComparison.Ordinal)
            || text.StartsWith("models/", StringComparison.Ordinal) || text.StartsWith("bench/", StringComparison.Ordinal) || text.StartsWith("tools/", StringComparison.Ordinal));

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^[A-Za-z0-9_./-]+$")]
    private static partial Regex PathLike();

    // Two humps at least: single words are ordinary nouns, and AWS's own names are operations.
    [GeneratedRegex(@"^(?:[A-Z][a-z]+){2,}(?:Document|Reconciler|Module|Backend|Engine|Log|Driver|Context|Codec|Store)$")]
    private static partial Regex TypeLike();

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+([A-Z][A-Za-z0-9]*)")]
    private static partial Regex Declaration();
}
