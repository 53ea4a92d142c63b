using System.Text.RegularExpressions;
using Xunit;

namespace Longspan.House.Tests;

public sealed partial class NameRules
{
    /// <summary>Operations and protocol messages are named by AWS.</summary>
    [Fact]
    public void Type_names_state_a_role()
    {
        var offences =
            from file in Repository.Sources("src")
            where !file.Contains("/Operations/", StringComparison.Ordinal) && !file.StartsWith("src/AgentLink/", StringComparison.Ordinal)
            from Match type in TypeName().Matches(Repository.Read(file))
            where BannedSuffix().IsMatch(type.Groups[1].Value)
            select $"{file}: {type.Groups[1].Value}";
        Assert.Empty(offences);
    }

    [Fact]
    public void Each_operation_file_is_named_after_its_operation()
    {
        var offences = Repository.Sources("src/Services").Where(file => file.Contains("/Operations/", StringComparison.Ordinal))
            .Where(file => !Repository.Read(file).Contains($"static class {Path.GetFileNameWithoutExtension(file)}", StringComparison.Ordinal));
        Assert.Empty(offences);
    }

    [GeneratedRegex(@"^\s*(?:public|internal|private|file|protected)[a-z ]*\b(?:class|record|struct|interface)\s+([A-Z][A-Za-z0-9]*)", RegexOptions.Multiline)]
    private static partial Regex TypeName();

    [GeneratedRegex("(Manager|Helpers?|Utils?|Common|Misc|Impl|Processor|Data|Info)$")]
    private static partial Regex BannedSuffix();
}
