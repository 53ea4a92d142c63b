using Xunit;

namespace Longspan.House.Tests;

public sealed class LockRules
{
    /// <summary>npm's lock files pin by digest; where packages come from is each machine's own setting.</summary>
    [Fact]
    public void Lock_files_name_no_registry()
    {
        var files = Repository.Sources("tests", "package-lock.json").Select(Repository.Read).ToArray();
        Assert.NotEmpty(files);
        Assert.All(files, text => Assert.Contains("\"integrity\"", text, StringComparison.Ordinal));
        Assert.All(files, text => Assert.DoesNotContain("\"resolved\"", text, StringComparison.Ordinal));
    }
}
